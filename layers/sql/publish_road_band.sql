-- One lower band of zooms: the classes that it shows, generalised from the band at full detail.
-- Params: min_zoom, max_zoom, full_zoom (min_zoom of the band at full detail), tolerance_m (metres of EPSG:3857),
-- classes (text[]). Returns nothing; rows written count. End points stay, so pieces that meet go on meeting.
-- Rows lie in the order of a space-filling curve, so that a tile reads few pages. Index: road_tile_geom_12.
INSERT INTO pub.road_tile (piece_id, min_zoom, max_zoom, road_class, class_rank, oneway, level, name, route, manager,
                           route_id, on_plan, synthetic, geom_3857)
SELECT piece_id, %(min_zoom)s, %(max_zoom)s, road_class, class_rank, oneway, level, name, route, manager, route_id,
       on_plan, synthetic, ST_Simplify(geom_3857, %(tolerance_m)s, true)
FROM pub.road_tile
WHERE min_zoom = %(full_zoom)s AND road_class = ANY (%(classes)s)
ORDER BY geom_3857
