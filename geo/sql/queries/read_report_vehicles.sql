-- Every vehicle with its source, and whom the source works for.
-- Params: none. Returns vehicle_id, source, vehicle, is_synthetic, contractor (NULL: the source names none).
-- Index: primary keys; the tables are small.
SELECT v.vehicle_id, s.name AS source, v.external_id AS vehicle, s.is_synthetic, s.settings ->> 'contractor'
FROM raw.vehicle AS v JOIN raw.source AS s USING (source_id)
ORDER BY v.vehicle_id
