-- The health of every device. Params: none. Returns vehicle_id, source, vehicle, last_fix_at, last_received_at,
-- agreed_cadence_s, cadence_s, clock_skew_s, overdue_s, reasons, is_called_out, is_synthetic; NULL as in
-- ops.device_health; by source and vehicle. Index: none, one row a vehicle.
SELECT vehicle_id, source, vehicle, last_fix_at, last_received_at, agreed_cadence_s, cadence_s, clock_skew_s, overdue_s,
       reasons, is_called_out, is_synthetic
FROM ops.device_health
ORDER BY source, vehicle, vehicle_id
