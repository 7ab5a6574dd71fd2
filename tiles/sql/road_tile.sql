-- One vector tile of roads: one feature a piece, ordered by id, so that the same content is the same bytes.
-- The parts in braces are of the tile matrix set and the band of zooms: geometry, srid, band (its lowest zoom).
-- Params: west, south, east, north (the tile, in the CRS of the set), wide_* (the tile with its margin, in EPSG:3857).
-- Returns one row (tile, ends_s): bytes, empty where there is no road; ends_s is always NULL: it holds as long as its
-- version. name, route NULL: the property is absent. Index: road_tile_geom_<band>.
WITH shape AS (
  SELECT t.piece_id, t.road_class AS class, t.oneway, t.level, t.name, t.route, t.manager, t.on_plan, t.synthetic,
         ST_AsMVTGeom({geometry}, ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, {srid}), 4096, 128, true)
           AS geom
  FROM pub.road_tile AS t
  WHERE t.min_zoom = {band}
    AND t.geom_3857 && ST_MakeEnvelope(%(wide_west)s, %(wide_south)s, %(wide_east)s, %(wide_north)s, 3857)
)
SELECT ST_AsMVT(shape, 'roads', 4096, 'geom', 'piece_id' ORDER BY piece_id) AS tile, NULL::float8 AS ends_s
FROM shape WHERE geom IS NOT NULL
