-- Where pieces of a road lie, for a page that names them in words.
-- Params: piece_ids (bigint[]). Returns (piece_id, length_m, road_class, lon, lat: its middle, lon_0, lat_0, lon_1, lat_1: its
-- ends along digitising, near, near_en: the nearest settlement) in the order of the ids. near NULL: there is no settlement;
-- near_en NULL: it has no English name. Indexes: roads_piece, reference_geom.
SELECT p.piece_id, r.length_m, r.road_class, ST_X(m.geom) AS lon, ST_Y(m.geom) AS lat,
       ST_X(ST_StartPoint(r.geom)) AS lon_0, ST_Y(ST_StartPoint(r.geom)) AS lat_0,
       ST_X(ST_EndPoint(r.geom)) AS lon_1, ST_Y(ST_EndPoint(r.geom)) AS lat_1, n.name AS near, n.name_en AS near_en
FROM unnest(%(piece_ids)s::bigint[]) WITH ORDINALITY AS p (piece_id, position)
CROSS JOIN LATERAL (
  SELECT q.length_m, q.road_class, q.geom FROM pub.roads AS q WHERE q.piece_id = p.piece_id ORDER BY q.edge_id LIMIT 1
) AS r
CROSS JOIN LATERAL (SELECT ST_LineInterpolatePoint(r.geom, 0.5) AS geom) AS m
LEFT JOIN LATERAL (
  SELECT s.name, s.attributes ->> 'name_en' AS name_en
  FROM pub.reference AS s WHERE s.layer = 'settlements' AND s.name IS NOT NULL
  ORDER BY s.geom <-> m.geom LIMIT 1
) AS n ON true
ORDER BY p.position
