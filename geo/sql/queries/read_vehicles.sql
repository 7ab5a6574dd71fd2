-- Vehicles by the name of their source and their id there.
-- Params: none. Returns: one row a vehicle, by vehicle_id. Index: none; the table is small.
SELECT s.name, v.external_id, v.vehicle_id
FROM raw.vehicle AS v JOIN raw.source AS s USING (source_id)
ORDER BY v.vehicle_id
