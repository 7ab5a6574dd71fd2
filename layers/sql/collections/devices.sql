-- Devices, for managers only. Params: as_of. Returns the columns of the catalogue and geom (EPSG:4326; NULL: never heard).
-- NULL as the catalogue says. Index: primary key.
SELECT vehicle_id, source, vehicle, contractor, last_fix_at,
       floor(extract(epoch FROM %(as_of)s::timestamptz - last_fix_at))::bigint AS silent_s, last_received_at,
       agreed_cadence_s, cadence_s, clock_skew_s, is_sick, reasons, reasons_ja, is_called_out, is_working, synthetic, geom
FROM mgr.devices
