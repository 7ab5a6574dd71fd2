-- The level of service of contractors, managers and offices, and of the whole, for road managers.
-- Params: none. Returns nothing; rows written count. mgr.service_level is empty before. NULL as in ops.service_level.
-- Index: none, a small table.
INSERT INTO mgr.service_level (service_level_id, kind, name, event_id, as_of, service_state, length_m, achieved_m,
                               pending_m, at_risk_m, late_m, missed_m, unknown_m, no_target_m, late_median_min,
                               late_worst_min, synthetic)
SELECT kind || '-' || name, kind, name, event_id, as_of, service_state, length_m, achieved_m, pending_m, at_risk_m, late_m,
       missed_m, unknown_m, no_target_m, late_median_min, late_worst_min, is_synthetic
FROM ops.service_level
WHERE kind NOT IN ('route', 'section')
