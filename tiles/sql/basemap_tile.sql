-- One vector tile of the basemap: the reference layers that the map draws, in one answer and with what it draws alone.
-- Layers: coast and rivers and municipalities (their shapes; rivers with names), area_names (a point inside of each municipality's
-- largest part with its name and its size in km², so that a name stands once and not once a tile), settlements (points).
-- Params: west, south, east, north (the tile, in EPSG:3857), lon_west, lat_south, lon_east, lat_north (the tile with its margin,
-- in degrees), tolerance (metres of EPSG:3857; 0 keeps the shape), least_size (settlements below it are left out; one whose size
-- nobody tells counts as 1), has_streams (false: rivers have no names, since no map shows them so far out).
-- Returns one row (tile): bytes, empty where nothing lies. name, name_en NULL: the property is absent; synthetic is there
-- where it is true. Indexes: reference_geom, reference_layer.
WITH near AS (
  SELECT r.fid, r.layer, r.name, nullif(r.attributes ->> 'name_en', '') AS name_en, nullif(r.synthetic, false) AS synthetic,
         CASE WHEN r.attributes ->> 'size' ~ '^[0-9]{1,9}([.][0-9]{1,9})?$' THEN (r.attributes ->> 'size')::float8 ELSE 1 END
           AS size,
         r.geom
  FROM pub.reference AS r
  WHERE r.layer IN ('coast', 'municipalities', 'rivers', 'settlements')
    AND r.geom && ST_MakeEnvelope(%(lon_west)s, %(lat_south)s, %(lon_east)s, %(lat_north)s, 4326)
),
shape AS (
  SELECT fid, layer, name, name_en, synthetic, size,
         ST_AsMVTGeom(ST_Simplify(ST_Transform(geom, 3857), %(tolerance)s, true),
                      ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 3857), 4096, 64, true) AS geom
  FROM near WHERE layer <> 'settlements' OR size >= %(least_size)s
),
coast AS (SELECT fid, synthetic, geom FROM shape WHERE layer = 'coast' AND geom IS NOT NULL),
areas AS (SELECT fid, synthetic, geom FROM shape WHERE layer = 'municipalities' AND geom IS NOT NULL),
rivers AS (
  SELECT fid, CASE WHEN %(has_streams)s THEN name END AS name, CASE WHEN %(has_streams)s THEN name_en END AS name_en,
         synthetic, geom
  FROM shape WHERE layer = 'rivers' AND geom IS NOT NULL
),
settlements AS (
  SELECT fid, name, name_en, size, synthetic, geom
  FROM shape WHERE layer = 'settlements' AND geom IS NOT NULL AND name IS NOT NULL
),
inner_points AS (
  SELECT fid, name, name_en, synthetic, round(ST_Area(geom::geography) / 1e6)::integer AS area_km2,
         ST_Transform(ST_PointOnSurface(
           (SELECT part.geom FROM ST_Dump(near.geom) AS part ORDER BY ST_Area(part.geom) DESC LIMIT 1)), 3857) AS place
  FROM near WHERE layer = 'municipalities' AND name IS NOT NULL AND ST_Dimension(geom) = 2
),
area_names AS (
  SELECT fid, name, name_en, area_km2, synthetic,
         ST_AsMVTGeom(place, ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 3857), 4096, 0, true) AS geom
  FROM inner_points
)
SELECT coalesce((SELECT ST_AsMVT(coast, 'coast', 4096, 'geom', 'fid' ORDER BY fid) FROM coast), '')
       || coalesce((SELECT ST_AsMVT(areas, 'municipalities', 4096, 'geom', 'fid' ORDER BY fid) FROM areas), '')
       || coalesce((SELECT ST_AsMVT(rivers, 'rivers', 4096, 'geom', 'fid' ORDER BY fid) FROM rivers), '')
       || coalesce((SELECT ST_AsMVT(area_names, 'area_names', 4096, 'geom', 'fid' ORDER BY fid) FROM area_names
                    WHERE geom IS NOT NULL), '')
       || coalesce((SELECT ST_AsMVT(settlements, 'settlements', 4096, 'geom', 'fid' ORDER BY fid) FROM settlements), '')
       AS tile
