-- Devices, for managers only. Params: as_of. Returns the columns of the catalogue and geom (EPSG:4326).
-- NULL as the catalogue says. Index: primary key.
SELECT vehicle_id, source, vehicle, contractor, last_fix_at,
       floor(extract(epoch FROM %(as_of)s::timestamptz - last_fix_at))::bigint AS silent_s, is_working, synthetic, geom
FROM mgr.devices
