-- Devices for managers: last word of each, and who is assigned at as_of.
-- Params: as_of. Returns nothing; rows written count; mgr.devices is empty before.
-- source NULL: the engine has not written it; contractor NULL: not assigned now. Index: none, small tables.
INSERT INTO mgr.devices (vehicle_id, source, vehicle, contractor, last_fix_at, is_working, synthetic, geom)
SELECT v.vehicle_id, v.source, coalesce(v.vehicle, a.machine, v.vehicle_id::text), a.contractor, v.last_fix_at,
       v.is_working, v.is_synthetic, ST_SetSRID(ST_MakePoint(v.lon, v.lat), 4326)
FROM ops.vehicle_state AS v
LEFT JOIN (
  SELECT DISTINCT ON (vehicle_id) vehicle_id, machine, contractor FROM ops.assignment
  WHERE superseded_at IS NULL AND during @> %(as_of)s::timestamptz AND vehicle_id IS NOT NULL
  ORDER BY vehicle_id, assignment_id DESC
) AS a USING (vehicle_id)
