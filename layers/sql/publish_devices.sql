-- Devices for managers: last word and health of each, and who is assigned at as_of; those never heard are among them.
-- Params: as_of. Returns nothing; rows written count; mgr.devices is empty before.
-- source NULL: the engine has not written it; contractor NULL: not assigned now; last_fix_at and geom NULL: never heard;
-- the columns of its health NULL as in ops.device_health. Index: none, small tables.
INSERT INTO mgr.devices (vehicle_id, source, vehicle, contractor, last_fix_at, last_received_at, agreed_cadence_s,
                         cadence_s, clock_skew_s, reasons, reasons_ja, is_sick, is_called_out, is_working, synthetic,
                         geom)
SELECT vehicle_id, coalesce(v.source, h.source), coalesce(v.vehicle, h.vehicle, a.machine, vehicle_id::text),
       a.contractor, greatest(v.last_fix_at, h.last_fix_at), h.last_received_at, h.agreed_cadence_s, h.cadence_s,
       h.clock_skew_s, coalesce(array_to_string(h.reasons, ','), ''), coalesce(h.reasons_ja, ''),
       coalesce(cardinality(h.reasons) > 0, false), h.is_called_out, v.is_working,
       coalesce(v.is_synthetic, h.is_synthetic), ST_SetSRID(ST_MakePoint(v.lon, v.lat), 4326)
FROM ops.vehicle_state AS v
FULL JOIN ops.device_health AS h USING (vehicle_id)
LEFT JOIN (
  SELECT DISTINCT ON (vehicle_id) vehicle_id, machine, contractor FROM ops.assignment
  WHERE superseded_at IS NULL AND during @> %(as_of)s::timestamptz AND vehicle_id IS NOT NULL
  ORDER BY vehicle_id, assignment_id DESC
) AS a USING (vehicle_id)
