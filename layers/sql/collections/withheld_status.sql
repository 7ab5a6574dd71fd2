-- States of edges that a publication stop keeps from the public, for managers only. Params: as_of. Returns the columns
-- of the catalogue and geom (EPSG:4326). NULL as the catalogue says. Indexes: those of pub.roads and ops.edge_status.
SELECT edge_id, name, route, manager, direction, municipality, road_class, length_m, state, reason, cleared_at,
       valid_until, observed_at, %(as_of)s::timestamptz AS as_of, covered_fraction, treatment, work_basis, confidence,
       source, route_id, section_id, network_version, synthetic, geom
FROM mgr.withheld_status
