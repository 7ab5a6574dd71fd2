-- The place of a kilometre on routes: straight between the nearest posts on both sides of it, or at a post.
-- Params: routes (text[]), km, gap_km: posts further apart than this say nothing of what lies between. Returns (route, km,
-- lon, lat, piece_id) for the routes that have such posts; piece_id is that of the nearer post. Index: primary key.
SELECT a.route, %(km)s::float8 AS km, ST_X(p.point) AS lon, ST_Y(p.point) AS lat,
       (CASE WHEN %(km)s::float8 - a.km <= b.km - %(km)s::float8 THEN a.edge_id ELSE b.edge_id END) >> 1 AS piece_id
FROM unnest(%(routes)s::text[]) AS asked (route)
CROSS JOIN LATERAL (
  SELECT route, km, edge_id, geom FROM pub.kilometre_post
  WHERE route = asked.route AND km <= %(km)s::float8 ORDER BY km DESC, edge_id LIMIT 1
) AS a
CROSS JOIN LATERAL (
  SELECT km, edge_id, geom FROM pub.kilometre_post
  WHERE route = asked.route AND km >= %(km)s::float8 ORDER BY km, edge_id LIMIT 1
) AS b
CROSS JOIN LATERAL (
  SELECT CASE WHEN b.km = a.km THEN a.geom
              ELSE ST_LineInterpolatePoint(ST_MakeLine(a.geom, b.geom), (%(km)s::float8 - a.km) / (b.km - a.km)) END AS point
) AS p
WHERE b.km - a.km <= %(gap_km)s::float8
ORDER BY a.route
