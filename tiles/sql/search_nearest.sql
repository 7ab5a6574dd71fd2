-- The road nearest to each of some points, within a distance. What may run above a street, an expressway, counts as far_m
-- further away than it is.
-- Params: lon, lat (float8[]), most_m, far_m. Returns (n, piece_id, distance_m, name, route, municipality) for the points
-- that have one; n counts the points from 1. name, route, municipality NULL: it has none.
-- Index: roads_geom, for the twelve nearest edges by degrees.
SELECT p.n, r.piece_id, r.distance_m, r.name, r.route, r.municipality
FROM unnest(%(lon)s::float8[], %(lat)s::float8[]) WITH ORDINALITY AS p (lon, lat, n)
CROSS JOIN LATERAL (SELECT ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326) AS point) AS at
CROSS JOIN LATERAL (
  SELECT near.*, ST_Distance(near.geom::geography, at.point::geography) AS distance_m
  FROM (
    SELECT piece_id, name, route, municipality, road_class, geom FROM pub.roads ORDER BY geom <-> at.point LIMIT 12
  ) AS near
  ORDER BY ST_Distance(near.geom::geography, at.point::geography)
           + CASE WHEN road_class = 'expressway' THEN %(far_m)s::float8 ELSE 0 END, piece_id
  LIMIT 1
) AS r
WHERE r.distance_m <= %(most_m)s::float8
ORDER BY p.n
