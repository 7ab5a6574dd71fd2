-- Where one route, section, contractor, manager or office stands.
-- Params: the columns. Returns nothing. callout_at, target_at, late_median_min, late_worst_min NULL as the table says.
INSERT INTO ops.service_level (kind, name, event_id, as_of, callout_at, target_at, service_state, length_m, achieved_m,
                               pending_m, at_risk_m, late_m, missed_m, unknown_m, no_target_m, late_median_min,
                               late_worst_min, is_synthetic)
VALUES (%(kind)s, %(name)s, %(event_id)s, %(as_of)s, %(callout_at)s, %(target_at)s, %(service_state)s, %(length_m)s,
        %(achieved_m)s, %(pending_m)s, %(at_risk_m)s, %(late_m)s, %(missed_m)s, %(unknown_m)s, %(no_target_m)s,
        %(late_median_min)s, %(late_worst_min)s, %(is_synthetic)s)
