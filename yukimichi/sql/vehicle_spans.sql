-- The span of the fixes of each vehicle between two UTC days. Params: first_day, last_day (inclusive).
-- Returns vehicle_id, from_at, to_at, n_fixes, by vehicle_id. Index: primary key of the partitions.
SELECT vehicle_id, min(at) AS from_at, max(at) AS to_at, count(*) AS n_fixes
FROM raw.fix
WHERE at >= %(first_day)s::date::timestamp AT TIME ZONE 'UTC'
  AND at < (%(last_day)s::date + 1)::timestamp AT TIME ZONE 'UTC'
GROUP BY vehicle_id ORDER BY vehicle_id
