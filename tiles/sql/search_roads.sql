-- Roads by name: one row a route and name, or, where a road belongs to no route, a name and municipality.
-- Params: none. Returns (name, route, areas, road_class, west, south, east, north, pieces). pieces: of each piece id, and
-- longitude and latitude of its middle, as int8, float8, float8, big-endian, one after another.
-- name, route NULL: it has none, never both. areas (text[]): the municipalities with most of its pieces first, at most 3;
-- a road in none has none. Indexes: none, pub.roads is read whole.
WITH piece AS (
  SELECT DISTINCT ON (piece_id) piece_id, nullif(name, '') AS name, nullif(route, '') AS route, municipality, road_class, geom
  FROM pub.roads WHERE coalesce(nullif(name, ''), nullif(route, '')) IS NOT NULL
  ORDER BY piece_id
), part AS (
  SELECT name, route, municipality, min(road_class) AS road_class, count(*) AS n, ST_Extent(geom)::geometry AS box,
         string_agg(int8send(piece_id) || float8send(ST_X(ST_LineInterpolatePoint(geom, 0.5)))
                    || float8send(ST_Y(ST_LineInterpolatePoint(geom, 0.5))), ''::bytea) AS pieces
  FROM piece GROUP BY name, route, municipality
), whole AS (
  SELECT name, route, (array_agg(municipality ORDER BY n DESC, municipality) FILTER (WHERE municipality IS NOT NULL))[1:3] AS areas,
         min(road_class) AS road_class, ST_Extent(box)::geometry AS box, string_agg(pieces, ''::bytea) AS pieces
  FROM part GROUP BY name, route, CASE WHEN route IS NULL THEN municipality END
)
SELECT name, route, coalesce(areas, '{}') AS areas, road_class, ST_XMin(box) AS west, ST_YMin(box) AS south,
       ST_XMax(box) AS east, ST_YMax(box) AS north, pieces
FROM whole ORDER BY route IS NULL, octet_length(pieces) DESC, route, name, areas
