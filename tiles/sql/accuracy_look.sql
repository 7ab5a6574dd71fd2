-- What the public is told now of the directed edges that a plough route or a work section holds, as sums; what has run out
-- is unknown, whatever is stored. Params: as_of. Returns one row: n_edges, n_told (their state is not unknown), metres by
-- state, and metres by the age of the last observation (none_m: nobody has observed them in this event), synthetic.
-- Indexes: none, both tables are read whole; it is asked once an hour.
SELECT count(*) AS n_edges, count(*) FILTER (WHERE n.state <> 'unknown') AS n_told,
       coalesce(sum(s.length_m), 0) AS planned_m,
       coalesce(sum(s.length_m) FILTER (WHERE n.state = 'cleared'), 0) AS cleared_m,
       coalesce(sum(s.length_m) FILTER (WHERE n.state = 'clearing'), 0) AS clearing_m,
       coalesce(sum(s.length_m) FILTER (WHERE n.state = 'uncleared'), 0) AS uncleared_m,
       coalesce(sum(s.length_m) FILTER (WHERE n.state = 'unknown'), 0) AS unknown_m,
       coalesce(sum(s.length_m) FILTER (WHERE n.age_h < 1), 0) AS under_1h_m,
       coalesce(sum(s.length_m) FILTER (WHERE n.age_h >= 1 AND n.age_h < 3), 0) AS under_3h_m,
       coalesce(sum(s.length_m) FILTER (WHERE n.age_h >= 3 AND n.age_h < 6), 0) AS under_6h_m,
       coalesce(sum(s.length_m) FILTER (WHERE n.age_h >= 6 AND n.age_h < 12), 0) AS under_12h_m,
       coalesce(sum(s.length_m) FILTER (WHERE n.age_h >= 12), 0) AS older_m,
       coalesce(sum(s.length_m) FILTER (WHERE n.age_h IS NULL), 0) AS none_m,
       coalesce(bool_or(s.synthetic), false) AS synthetic
FROM pub.road_status AS s
CROSS JOIN LATERAL (
  SELECT CASE WHEN s.state IN ('cleared', 'clearing') AND s.valid_until <= %(as_of)s::timestamptz THEN 'unknown'
              ELSE s.state END AS state,
         extract(epoch FROM %(as_of)s::timestamptz - s.observed_at) / 3600 AS age_h
) AS n
WHERE s.route_id IS NOT NULL OR s.section_id IS NOT NULL
