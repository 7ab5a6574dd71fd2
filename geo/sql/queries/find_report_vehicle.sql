-- Vehicles of a name. Params: vehicle, source (NULL: of any source). Returns vehicle_id, source, vehicle.
-- Index: none; the table is small.
SELECT v.vehicle_id, s.name, v.external_id FROM raw.vehicle AS v JOIN raw.source AS s USING (source_id)
WHERE v.external_id = %(vehicle)s AND (%(source)s::text IS NULL OR s.name = %(source)s)
ORDER BY s.name
