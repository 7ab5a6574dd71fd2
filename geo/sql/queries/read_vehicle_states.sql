-- The state of vehicles as it was last written.
-- Params: vehicle_ids. Returns vehicle_id, last_fix_at, shift_started_at, shift_start_lon, shift_start_lat.
-- Index: primary key.
SELECT vehicle_id, last_fix_at, shift_started_at, shift_start_lon, shift_start_lat
FROM ops.vehicle_state WHERE vehicle_id = ANY(%(vehicle_ids)s)
