-- Ids of vehicles by the names of their source.
-- params: source_id, names. returns: external_id, vehicle_id; a name without a row is not there yet.
-- index: vehicle_source_id_external_id_key.
SELECT external_id, vehicle_id FROM raw.vehicle
WHERE source_id = %(source_id)s AND external_id = ANY (%(names)s::text[])
