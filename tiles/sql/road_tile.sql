-- One vector tile of roads: one feature a piece, ordered by id, so that the same content is the same bytes.
-- Params: z, x, y. Returns (tile) of bytes, empty where there is no road. name, route NULL: the property is absent.
-- The margin is 1/32 of a tile, so that wide lines do not break at its edge. Index: road_tile_geom.
WITH tile AS (
  SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS box,
         ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 0.03125) AS wide
), shape AS (
  SELECT t.piece_id, t.road_class AS class, t.oneway, t.level, t.name, t.route, t.manager,
         t.on_plan, t.synthetic,
         ST_AsMVTGeom(t.geom_3857, tile.box, 4096, 128, true) AS geom
  FROM pub.road_tile AS t, tile
  WHERE t.geom_3857 && tile.wide AND t.min_zoom <= %(z)s AND t.max_zoom >= %(z)s
)
SELECT ST_AsMVT(shape, 'roads', 4096, 'geom', 'piece_id' ORDER BY piece_id) AS tile FROM shape WHERE geom IS NOT NULL
