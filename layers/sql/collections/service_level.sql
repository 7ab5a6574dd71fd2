-- The level of service by contractor, manager, office and as a whole, for managers only. Params: as_of.
-- Returns the columns of the catalogue and geom (NULL: it lies nowhere). NULL as the catalogue says. Index: primary key.
SELECT service_level_id, kind, name, service_state, round(length_m::numeric, 1)::float8 AS length_m,
       round(achieved_m::numeric, 1)::float8 AS achieved_m, round(pending_m::numeric, 1)::float8 AS pending_m,
       round(at_risk_m::numeric, 1)::float8 AS at_risk_m, round(late_m::numeric, 1)::float8 AS late_m,
       round(missed_m::numeric, 1)::float8 AS missed_m, round(unknown_m::numeric, 1)::float8 AS unknown_m,
       round(no_target_m::numeric, 1)::float8 AS no_target_m, late_median_min, late_worst_min, event_id,
       as_of AS service_as_of, synthetic, NULL::geometry(Geometry, 4326) AS geom
FROM mgr.service_level
