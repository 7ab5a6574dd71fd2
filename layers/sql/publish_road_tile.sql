-- One band of zooms of the road tiles: the classes that it shows, generalised to its tolerance.
-- Params: min_zoom, max_zoom, tolerance_m (metres of EPSG:3857; 0 keeps the shape), ranks (jsonb: class -> rank),
-- classes (text[]). Returns nothing; rows written count. route_id NULL: neither direction is on a plan.
-- End points stay, so pieces that meet go on meeting. Index: roads_piece.
INSERT INTO pub.road_tile (piece_id, min_zoom, max_zoom, road_class, class_rank, oneway, level, name, route, manager,
                           route_id, synthetic, geom_3857)
SELECT piece_id, %(min_zoom)s, %(max_zoom)s, road_class, (%(ranks)s::jsonb ->> road_class)::smallint,
       CASE WHEN count(*) = 2 THEN 0 WHEN bool_or(is_reversed) THEN -1 ELSE 1 END,
       level, name, route, manager, min(route_id), synthetic,
       ST_Simplify(ST_Transform(geom, 3857), %(tolerance_m)s, true)
FROM pub.roads
WHERE road_class = ANY (%(classes)s)
GROUP BY piece_id, road_class, level, name, route, manager, synthetic, geom
