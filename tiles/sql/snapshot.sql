-- State of both directions of every piece of which anything is known beyond the default.
-- Params: default_reason. Returns (piece_id, is_reversed, state, reason, cleared_s, valid_s, observed_s, covered),
-- ordered by piece and direction; seconds since the epoch, covered in whole percent rounded down. NULL: no such moment.
-- Indexes: primary keys; both tables are read whole, once for each status version.
WITH listed AS (
  SELECT DISTINCT r.piece_id
  FROM pub.roads AS r JOIN pub.edge_status AS s USING (edge_id)
  WHERE NOT (s.state = 'unknown' AND s.reason = %(default_reason)s AND s.observed_at IS NULL)
)
SELECT r.piece_id, r.is_reversed, s.state, s.reason, floor(extract(epoch FROM s.cleared_at))::bigint AS cleared_s,
       floor(extract(epoch FROM s.valid_until))::bigint AS valid_s,
       floor(extract(epoch FROM s.observed_at))::bigint AS observed_s,
       floor(s.covered_fraction * 100)::integer AS covered
FROM pub.roads AS r JOIN listed USING (piece_id) JOIN pub.edge_status AS s USING (edge_id)
ORDER BY r.piece_id, r.is_reversed
