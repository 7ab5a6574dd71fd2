-- Directed edges. Params: none. Returns the columns of the catalogue and geom (EPSG:4326).
-- NULL as the catalogue says. Indexes: primary keys, roads_geom.
SELECT r.edge_id, r.piece_id, r.name, r.route, r.manager,
       CASE WHEN r.is_reversed THEN 'backward' ELSE 'forward' END AS direction,
       r.municipality, r.road_class, r.is_oneway, r.level, r.lanes, r.width_m,
       round(r.length_m::numeric, 2)::float8 AS length_m, r.route_id, r.section_id,
       p.edge_id IS NOT NULL AS is_priority_network, p.network_class::integer AS priority_class, r.network_version,
       r.synthetic, r.geom
FROM pub.roads AS r LEFT JOIN pub.priority_edge AS p USING (edge_id)
