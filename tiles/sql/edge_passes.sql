-- Passes of both directions of the road of an edge that ended after a moment, the newest first; never which machine.
-- Params: edge_id, since, most. Returns (edge_id, direction, from_m, to_m, started_at, ended_at, kind, treatment,
-- work_basis, confidence, is_provisional, synthetic). treatment NULL: not named. Index: passes_edge.
SELECT edge_id, CASE WHEN is_reversed THEN 'backward' ELSE 'forward' END AS direction,
       round(from_m::numeric, 2)::float8 AS from_m, round(to_m::numeric, 2)::float8 AS to_m, started_at, ended_at, kind,
       treatment, work_basis, confidence::text::float8 AS confidence, is_provisional, synthetic
FROM pub.passes
WHERE edge_id IN (%(edge_id)s, %(edge_id)s # 1) AND ended_at > %(since)s::timestamptz
ORDER BY ended_at DESC, pass_id DESC LIMIT %(most)s
