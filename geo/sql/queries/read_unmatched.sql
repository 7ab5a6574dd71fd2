-- Unmatched stretches of traces as they hold now, to compare.
-- Params: trace_ids. Returns trace_id, from_at, to_at, n_fixes, reason, in this order. Index: unmatched_trace.
SELECT trace_id, lower(during) AS from_at, upper(during) AS to_at, n_fixes, reason
FROM ops.unmatched WHERE trace_id = ANY(%(trace_ids)s) AND superseded_at IS NULL
ORDER BY trace_id, lower(during), upper(during), n_fixes, reason
