-- Fixes of a UTC day by vehicle. Params: day. Returns source, vehicle (its name there), vehicle_id, n.
-- Index: primary key of the partition.
SELECT s.name AS source, v.external_id AS vehicle, v.vehicle_id, c.n
FROM (SELECT vehicle_id, count(*) AS n FROM raw.fix
      WHERE at >= %(day)s::date::timestamp AT TIME ZONE 'UTC' AND at < (%(day)s::date + 1)::timestamp AT TIME ZONE 'UTC'
      GROUP BY vehicle_id) AS c
JOIN raw.vehicle AS v USING (vehicle_id) JOIN raw.source AS s USING (source_id)
