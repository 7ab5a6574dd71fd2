-- The road tiles at full detail, one row a piece.
-- Params: min_zoom, max_zoom, ranks (jsonb: class -> rank). Returns nothing; rows written count.
-- route_id NULL: neither direction is on a route. Rows lie in the order of a space-filling curve, so that a tile reads
-- few pages. Index: primary key of pub.roads.
INSERT INTO pub.road_tile (piece_id, min_zoom, max_zoom, road_class, class_rank, oneway, level, name, route, manager,
                           route_id, on_plan, synthetic, geom_3857)
SELECT r.piece_id, %(min_zoom)s, %(max_zoom)s, r.road_class, (%(ranks)s::jsonb ->> r.road_class)::smallint,
       CASE WHEN NOT r.is_oneway THEN 0 WHEN r.is_reversed THEN -1 ELSE 1 END, r.level, r.name, r.route, r.manager,
       coalesce(r.route_id, o.route_id),
       coalesce(r.route_id, o.route_id, r.section_id, o.section_id) IS NOT NULL, r.synthetic,
       ST_Transform(r.geom, 3857)
FROM pub.roads AS r
LEFT JOIN pub.roads AS o ON o.edge_id = r.edge_id + 1 AND NOT r.is_reversed
WHERE NOT r.is_reversed OR r.is_oneway
ORDER BY ST_Transform(r.geom, 3857)
