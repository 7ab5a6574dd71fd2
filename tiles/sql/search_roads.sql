-- Roads by name: one row a route and name, or, where a road belongs to no route, a name and municipality.
-- Params: none. Returns (name, route, areas, road_class, west, south, east, north, pieces). pieces: of each piece id, and
-- longitude and latitude of its middle, as int8, float8, float8, big-endian, one after another.
-- name, route NULL: it has none, never both. areas (text[]): the municipalities with most of its pieces first, at most 3;
-- a road in none has none. Indexes: none, pub.roads is read whole. One direction stands for a piece.
WITH part AS (
  SELECT name, route, municipality, min(road_class) AS road_class, count(*) AS n, min(west) AS west, min(south) AS south,
         max(east) AS east, max(north) AS north,
         string_agg(int8send(piece_id) || float8send(ST_X(middle)) || float8send(ST_Y(middle)), ''::bytea) AS pieces
  FROM (
    -- sorted by bytes, which costs a fraction of what a language's order costs
    SELECT piece_id, nullif(name, '') COLLATE "C" AS name, nullif(route, '') COLLATE "C" AS route,
           municipality COLLATE "C" AS municipality, road_class,
           ST_LineInterpolatePoint(geom, 0.5) AS middle, ST_XMin(geom) AS west, ST_YMin(geom) AS south,
           ST_XMax(geom) AS east, ST_YMax(geom) AS north
    FROM pub.roads WHERE (is_oneway OR NOT is_reversed) AND coalesce(nullif(name, ''), nullif(route, '')) IS NOT NULL
    OFFSET 0 -- so that each value is worked out once
  ) AS piece
  GROUP BY name, route, municipality
)
SELECT name, route,
       coalesce((array_agg(municipality ORDER BY n DESC, municipality) FILTER (WHERE municipality IS NOT NULL))[1:3], '{}')
         AS areas,
       min(road_class) AS road_class, min(west) AS west, min(south) AS south, max(east) AS east, max(north) AS north,
       string_agg(pieces, ''::bytea) AS pieces
FROM part GROUP BY name, route, CASE WHEN route IS NULL THEN municipality END
ORDER BY route IS NULL, sum(n) DESC, route, name, min(municipality)
