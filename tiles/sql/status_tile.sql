-- One vector tile of roads with their state inside, one feature an edge, for clients that do not know the snapshot.
-- What is cleared or being cleared and whose valid_until has passed at as_of is unknown (expired).
-- Params: z, x, y, as_of. Returns (tile) of bytes, empty where there is no road. Times are epoch seconds; what is NULL
-- is absent. Indexes: road_tile_geom, roads_piece, primary key of pub.edge_status.
WITH tile AS (
  SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS box,
         ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 0.03125) AS wide
), shape AS (
  SELECT r.edge_id, CASE WHEN r.is_reversed THEN 'backward' ELSE 'forward' END AS direction, t.road_class AS class,
         t.level, t.name, t.route, t.manager,
         CASE WHEN x.is_expired THEN 'unknown' ELSE s.state END AS state,
         CASE WHEN x.is_expired THEN 'expired' ELSE s.reason END AS reason,
         extract(epoch FROM s.cleared_at)::bigint AS cleared_at,
         extract(epoch FROM s.valid_until)::bigint AS valid_until,
         extract(epoch FROM s.observed_at)::bigint AS observed_at, s.synthetic,
         ST_AsMVTGeom(t.geom_3857, tile.box, 4096, 128, true) AS geom
  FROM tile
  JOIN pub.road_tile AS t ON t.geom_3857 && tile.wide AND t.min_zoom <= %(z)s AND t.max_zoom >= %(z)s
  JOIN pub.roads AS r ON r.piece_id = t.piece_id
  JOIN pub.edge_status AS s ON s.edge_id = r.edge_id
  CROSS JOIN LATERAL (SELECT s.state IN ('cleared', 'clearing')
                           AND s.valid_until <= %(as_of)s::timestamptz AS is_expired) AS x
)
SELECT ST_AsMVT(shape, 'road_status', 4096, 'geom', 'edge_id' ORDER BY edge_id) AS tile
FROM shape WHERE geom IS NOT NULL
