-- Passes and other traversals of both directions of a road, the newest first; never which machine.
-- Params: edge_ids, since, until, most. Returns (edge_id, started_at, ended_at, kind, treatment, work_basis, metres),
-- one row more than `most` where there are more. treatment NULL: not named. Index: passes_edge.
SELECT edge_id, started_at, ended_at, kind, treatment, work_basis, to_m - from_m AS metres
FROM pub.passes
WHERE edge_id = ANY (%(edge_ids)s::bigint[]) AND ended_at > %(since)s::timestamptz
  AND ended_at <= %(until)s::timestamptz
ORDER BY ended_at DESC, pass_id DESC LIMIT %(most)s + 1
