-- One vector tile of roads with their state inside, for clients that do not know the snapshot: one feature an edge.
-- What is cleared or being cleared and whose valid_until has passed at as_of is unknown (expired).
-- The parts in braces are of the tile matrix set and the band of zooms: geometry, srid, band (its lowest zoom).
-- Params: west, south, east, north (the tile, in the CRS of the set), wide_* (the tile with its margin, in EPSG:3857),
-- as_of. Returns one row (tile, ends_s): bytes, empty where there is no road; from ends_s (epoch seconds) on a clearing
-- inside holds no longer, NULL: there is none. Times inside are epoch seconds, rounded down; what is NULL is absent.
-- Indexes: road_tile_geom_<band>, primary key of pub.edge_status.
WITH piece AS MATERIALIZED (
  SELECT t.piece_id, t.road_class, t.level, t.name, t.route, t.manager,
         ST_AsMVTGeom({geometry}, ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, {srid}), 4096, 128, true)
           AS geom
  FROM pub.road_tile AS t
  WHERE t.min_zoom = {band}
    AND t.geom_3857 && ST_MakeEnvelope(%(wide_west)s, %(wide_south)s, %(wide_east)s, %(wide_north)s, 3857)
), shape AS (
  SELECT s.edge_id, CASE WHEN s.edge_id & 1 = 1 THEN 'backward' ELSE 'forward' END AS direction, p.road_class AS class,
         p.level, p.name, p.route, p.manager,
         CASE WHEN x.is_expired THEN 'unknown' ELSE s.state END AS state,
         CASE WHEN x.is_expired THEN 'expired' ELSE s.reason END AS reason, s.restriction,
         floor(extract(epoch FROM s.cleared_at))::bigint AS cleared_at,
         floor(extract(epoch FROM s.valid_until))::bigint AS valid_until,
         floor(extract(epoch FROM s.observed_at))::bigint AS observed_at, s.synthetic, p.geom
  FROM piece AS p
  JOIN pub.edge_status AS s ON s.edge_id BETWEEN 2 * p.piece_id AND 2 * p.piece_id + 1
  CROSS JOIN LATERAL (SELECT s.state IN ('cleared', 'clearing')
                             AND s.valid_until <= %(as_of)s::timestamptz AS is_expired) AS x
  WHERE p.geom IS NOT NULL
)
SELECT ST_AsMVT(shape, 'road_status', 4096, 'geom', 'edge_id' ORDER BY edge_id) AS tile,
       min(valid_until) FILTER (WHERE state IN ('cleared', 'clearing'))::float8 AS ends_s
FROM shape
