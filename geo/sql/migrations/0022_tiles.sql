-- Road tiles band by band: an index of its own for each band of zooms, so that a tile of a low zoom does not read the
-- roads of all others; and a band for zoom 8, which leaves the prefectural roads to zoom 9.

INSERT INTO pub.road_tile (piece_id, min_zoom, max_zoom, road_class, class_rank, oneway, level, name, route, manager,
                           route_id, on_plan, synthetic, geom_3857)
SELECT piece_id, 9, 9, road_class, class_rank, oneway, level, name, route, manager, route_id, on_plan, synthetic,
       geom_3857
FROM pub.road_tile WHERE min_zoom = 8 AND max_zoom = 9 ORDER BY geom_3857;
DELETE FROM pub.road_tile WHERE min_zoom = 8 AND road_class = 'prefectural';
UPDATE pub.road_tile SET max_zoom = 8 WHERE min_zoom = 8;

DROP INDEX pub.road_tile_geom;
CREATE INDEX road_tile_geom_0 ON pub.road_tile USING gist (geom_3857) WHERE min_zoom = 0;
CREATE INDEX road_tile_geom_8 ON pub.road_tile USING gist (geom_3857) WHERE min_zoom = 8;
CREATE INDEX road_tile_geom_9 ON pub.road_tile USING gist (geom_3857) WHERE min_zoom = 9;
CREATE INDEX road_tile_geom_10 ON pub.road_tile USING gist (geom_3857) WHERE min_zoom = 10;
CREATE INDEX road_tile_geom_12 ON pub.road_tile USING gist (geom_3857) WHERE min_zoom = 12;
