-- Vehicles with fixes in raw.fix in a span. Params: from_at (inclusive), to_at (exclusive). Returns vehicle_id, n; by
-- vehicle. Index: primary keys of the partitions.
SELECT vehicle_id, count(*) AS n
FROM raw.fix WHERE at >= %(from_at)s::timestamptz AND at < %(to_at)s::timestamptz
GROUP BY vehicle_id ORDER BY vehicle_id
