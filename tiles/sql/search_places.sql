-- Everything that has a name and a place but is no road: municipalities, settlements, other reference layers of points and
-- areas, facilities, bus stops, plough routes, work sections. A bus stop of several poles comes once.
-- Params: none. Returns (kind, name, name_en, word_ja, word_en, area, lon, lat, west, south, east, north), the bigger kinds
-- first. name_en, word_ja, word_en NULL: not told; word is what kind of place it is. area NULL: it lies in no municipality.
-- Index: reference_geom for the municipality; the tables are read whole.
WITH place AS (
  SELECT CASE layer WHEN 'municipalities' THEN 'municipality' WHEN 'settlements' THEN 'settlement' ELSE 'place' END AS kind,
         name, attributes ->> 'name_en' AS name_en, NULL AS word_ja, NULL AS word_en, geom
  FROM pub.reference WHERE name IS NOT NULL AND ST_Dimension(geom) <> 1
  UNION ALL
  SELECT 'facility', name, name_en, kind_ja, kind_en, geom FROM pub.facility
  UNION ALL
  SELECT 'bus_stop', name, min(name_en), NULL, NULL, ST_Centroid(ST_Collect(geom)) FROM pub.bus_stop
  GROUP BY name, agency, ST_SnapToGrid(geom, 0.01)
  UNION ALL
  SELECT 'plough_route', name, NULL, NULL, NULL, geom FROM pub.routes
  UNION ALL
  SELECT 'work_section', name, NULL, NULL, NULL, geom FROM pub.work_sections
), pointed AS (
  SELECT p.*, ST_PointOnSurface(geom) AS point,
         array_position(ARRAY['municipality', 'settlement', 'facility', 'place', 'plough_route', 'work_section',
                              'bus_stop'], kind) AS rank
  FROM place AS p WHERE NOT ST_IsEmpty(geom)
)
SELECT p.kind, p.name, p.name_en, p.word_ja, p.word_en, m.name AS area, ST_X(p.point) AS lon, ST_Y(p.point) AS lat,
       ST_XMin(p.geom) AS west, ST_YMin(p.geom) AS south, ST_XMax(p.geom) AS east, ST_YMax(p.geom) AS north
FROM pointed AS p
LEFT JOIN LATERAL (
  SELECT name FROM pub.reference AS m
  WHERE m.layer = 'municipalities' AND p.kind <> 'municipality' AND m.geom && p.point AND ST_Covers(m.geom, p.point)
  ORDER BY feature_id LIMIT 1
) AS m ON true
ORDER BY p.rank, p.name, m.name, p.point
