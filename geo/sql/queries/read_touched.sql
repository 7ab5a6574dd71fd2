-- Vehicles with fixes of some batches, and vehicles whose open trace has gone quiet and can be closed.
-- Params: batch_ids, first_at, last_at (span of their times; NULL: no batches), quiet_at: an open trace that ended before
-- is closed. Returns vehicle_id, from_at, to_at (span of those fixes or of that trace), n_fixes.
-- Indexes: fix_batch of the partitions in the span, trace_open.
SELECT vehicle_id, min(from_at) AS from_at, max(to_at) AS to_at, sum(n_fixes)::bigint AS n_fixes
FROM (
  SELECT vehicle_id, min(at) AS from_at, max(at) AS to_at, count(*) AS n_fixes
  FROM raw.fix
  WHERE batch_id = ANY(%(batch_ids)s) AND at BETWEEN %(first_at)s::timestamptz AND %(last_at)s::timestamptz
  GROUP BY vehicle_id
  UNION ALL
  SELECT vehicle_id, lower(during), upper(during), n_fixes
  FROM ops.trace WHERE superseded_at IS NULL AND is_provisional AND upper(during) < %(quiet_at)s
) AS touched
GROUP BY vehicle_id
ORDER BY vehicle_id
