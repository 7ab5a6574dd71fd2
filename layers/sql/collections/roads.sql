-- Directed edges. Params: none. Returns the columns of the catalogue and geom (EPSG:4326).
-- NULL as the catalogue says. Indexes: primary keys, roads_geom.
SELECT edge_id, piece_id, name, route, manager, CASE WHEN is_reversed THEN 'backward' ELSE 'forward' END AS direction,
       municipality, road_class, is_oneway, level, lanes, width_m,
       round(length_m::numeric, 2)::float8 AS length_m, route_id, section_id, network_version,
       synthetic, geom
FROM pub.roads
