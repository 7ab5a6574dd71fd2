-- Ids of vehicles of a source by their names there. Params: source, names. Returns vehicle_id, a row each that is known.
-- Index: source_name_key, vehicle_source_id_external_id_key.
SELECT v.vehicle_id FROM raw.vehicle AS v JOIN raw.source AS s USING (source_id)
WHERE s.name = %(source)s AND v.external_id = ANY(%(names)s::text[])
