-- Rows for new vehicles. params: source_id, names. index: vehicle_source_id_external_id_key.
INSERT INTO raw.vehicle (source_id, external_id)
SELECT %(source_id)s, name FROM unnest(%(names)s::text[]) AS name
ON CONFLICT (source_id, external_id) DO NOTHING
