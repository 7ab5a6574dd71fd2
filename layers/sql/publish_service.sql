-- The level of service of routes and sections for everybody, as shares of the metres that have a target.
-- Params: none. Returns nothing; rows written count. pub.service_level is empty before. NULL as the table says: a share
-- of nothing is none. Index: none, a small table.
INSERT INTO pub.service_level (kind, name, as_of, callout_at, target_at, service_state, achieved_fraction, late_fraction,
                               at_risk_fraction, missed_fraction)
SELECT kind, name, as_of, callout_at, target_at, service_state, achieved_m / asked.metres, late_m / asked.metres,
       at_risk_m / asked.metres, missed_m / asked.metres
FROM ops.service_level
CROSS JOIN LATERAL (SELECT nullif(length_m - no_target_m, 0) AS metres) AS asked
WHERE kind IN ('route', 'section')
