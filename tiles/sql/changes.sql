-- State of both directions of every piece of which a direction has changed after a status version.
-- Params: since, most (edges), default_reason. Returns (piece_id, is_reversed, state, reason, cleared_s, valid_s,
-- observed_s, covered, is_listed), ordered by piece and direction: seconds since the epoch and whole percent, rounded
-- down; is_listed: whether the JSON snapshot lists the piece. No row where more than `most` edges have changed. NULL: no
-- such moment.
-- Indexes: edge_status_version, roads_piece, primary keys.
WITH changed AS MATERIALIZED (
  SELECT s.edge_id FROM pub.edge_status AS s WHERE s.status_version > %(since)s LIMIT %(most)s + 1
), piece AS (
  SELECT DISTINCT r.piece_id
  FROM changed JOIN pub.roads AS r USING (edge_id)
  WHERE (SELECT count(*) FROM changed) <= %(most)s
)
SELECT r.piece_id, r.is_reversed, s.state, s.reason, floor(extract(epoch FROM s.cleared_at))::bigint AS cleared_s,
       floor(extract(epoch FROM s.valid_until))::bigint AS valid_s,
       floor(extract(epoch FROM s.observed_at))::bigint AS observed_s,
       floor(s.covered_fraction * 100)::integer AS covered,
       bool_or(NOT (s.state = 'unknown' AND s.reason = %(default_reason)s AND s.observed_at IS NULL))
         OVER (PARTITION BY r.piece_id) AS is_listed
FROM piece JOIN pub.roads AS r USING (piece_id) JOIN pub.edge_status AS s USING (edge_id)
ORDER BY r.piece_id, r.is_reversed
