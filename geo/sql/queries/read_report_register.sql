-- The registered vehicles that were heard of at some time.
-- Params: none. Returns vehicle_id, contractor, name, machine_class, valid_from, valid_to (exclusive). NULL in them: the
-- register does not say, or without that end. Index: vehicle_register_vehicle.
SELECT vehicle_id, contractor, name, machine_class, valid_from, valid_to
FROM raw.registered_vehicle WHERE vehicle_id IS NOT NULL
ORDER BY vehicle_id, valid_from NULLS FIRST
