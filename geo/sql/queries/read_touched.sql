-- Vehicles with fixes received after a moment, and vehicles whose open trace has gone quiet and can be closed.
-- Params: since (-infinity: all), quiet_at: an open trace that ended before is closed.
-- Returns vehicle_id, from_at, to_at (span of those fixes or of that trace), n_fixes, received_at (the last of them;
-- NULL: only a trace to close). Indexes: fix_received (brin), trace_open.
SELECT vehicle_id, min(from_at) AS from_at, max(to_at) AS to_at, sum(n_fixes)::bigint AS n_fixes,
       max(received_at) AS received_at
FROM (
  SELECT vehicle_id, min(at) AS from_at, max(at) AS to_at, count(*) AS n_fixes, max(received_at) AS received_at
  FROM raw.fix WHERE received_at > %(since)s
  GROUP BY vehicle_id
  UNION ALL
  SELECT vehicle_id, lower(during), upper(during), n_fixes, NULL
  FROM ops.trace WHERE superseded_at IS NULL AND is_provisional AND upper(during) < %(quiet_at)s
) AS touched
GROUP BY vehicle_id
ORDER BY vehicle_id
