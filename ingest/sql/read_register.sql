-- The register of a source as it stands today, and the names that only registers of other sources know.
-- params: source_id. returns: vehicle, is_own, inputs, valid_from, valid_to, sha256 of the file; rows of others have
-- NULL in all but the first two. inputs NULL: as the source's rules say; valid_from, valid_to NULL: no such end.
-- index: primary keys, vehicle_register_vehicle.
WITH own AS (
  SELECT r.item, r.vehicle, r.inputs, r.valid_from, r.valid_to, f.sha256
  FROM raw.vehicle_register_set AS s
  JOIN raw.vehicle_register AS r USING (file_id)
  JOIN raw.ingest_file AS f USING (file_id)
  WHERE s.source_id = %(source_id)s
), others AS (
  SELECT DISTINCT r.vehicle
  FROM raw.vehicle_register_set AS s
  JOIN raw.vehicle_register AS r USING (file_id)
  WHERE s.source_id <> %(source_id)s AND r.vehicle NOT IN (SELECT vehicle FROM own)
)
SELECT vehicle, true AS is_own, inputs, valid_from, valid_to, sha256 FROM own
UNION ALL
SELECT vehicle, false, NULL, NULL, NULL, NULL FROM others
ORDER BY is_own DESC, vehicle, valid_from NULLS FIRST
