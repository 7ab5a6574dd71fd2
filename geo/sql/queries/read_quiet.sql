-- Open traces of the vehicles of one worker that ended before a moment and can be closed.
-- Params: quiet_at, worker, n_workers. Returns vehicle_id, from_at, to_at, n_fixes. Index: trace_open.
SELECT vehicle_id, min(lower(during)) AS from_at, max(upper(during)) AS to_at, sum(n_fixes)::bigint AS n_fixes
FROM ops.trace
WHERE superseded_at IS NULL AND is_provisional AND upper(during) < %(quiet_at)s
  AND vehicle_id %% %(n_workers)s = %(worker)s
GROUP BY vehicle_id
ORDER BY vehicle_id
