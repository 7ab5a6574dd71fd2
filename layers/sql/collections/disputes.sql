-- Disputes of the public, for managers only, each those of its own roads by the rule that orders go by: roads of that
-- manager, roads that plough routes of that office hold, a municipality's own roads inside it, and roads whose manager
-- nobody knows. The filter stands here, so that no way of asking (items, one item, counts) can pass it by.
-- Params: sees_every_manager (an administrator asks), manager_of (of whom the manager's key is; NULL: no such key).
-- Returns the columns of the catalogue and geom (EPSG:4326). NULL as the catalogue says. Indexes: primary keys,
-- dispute_decision_of.
SELECT dispute_id, received_at, seen_at, edge_id, direction, name, route, road_class, manager, municipality, state_seen,
       comment, has_photo, shown_state, shown_reason, shown_cleared_at, shown_valid_until, shown_observed_at,
       shown_covered_fraction, shown_work_basis, shown_confidence, shown_snow_since_cm, then_state, then_reason, event_id,
       status_version, decision, decision_reason, decided_at, decided_by, network_version, synthetic, geom
FROM mgr.disputes
WHERE %(sees_every_manager)s::boolean
   OR (%(manager_of)s::text IS NOT NULL
       AND (manager IN (%(manager_of)s::text, 'unknown') OR %(manager_of)s::text = ANY (offices)
            OR (manager = 'municipality' AND municipality = %(manager_of)s::text)))
