-- One vector tile of a reference layer, ordered by id; attributes become properties, ours win over one of the same name.
-- The parts in braces are of the tile matrix set: geometry, srid.
-- Params: layer, west, south, east, north (the tile, in the CRS of the set), lon_west, lat_south, lon_east, lat_north (the
-- tile with its margin, in degrees), tolerance (units of the CRS of the set; 0 keeps the shape).
-- Returns one row (tile, ends_s): bytes, empty where nothing lies; ends_s is always NULL: it holds as long as its version.
-- name NULL: the property is absent. Indexes: reference_geom, reference_layer.
WITH shape AS (
  SELECT r.fid, r.feature_id, r.name, r.synthetic, r.attributes - ARRAY['fid', 'feature_id', 'name', 'synthetic', 'geom']
           AS attributes,
         ST_AsMVTGeom(ST_Simplify({geometry}, %(tolerance)s, true),
                      ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, {srid}), 4096, 128, true) AS geom
  FROM pub.reference AS r
  WHERE r.layer = %(layer)s
    AND r.geom && ST_MakeEnvelope(%(lon_west)s, %(lat_south)s, %(lon_east)s, %(lat_north)s, 4326)
)
SELECT ST_AsMVT(shape, %(layer)s, 4096, 'geom', 'fid' ORDER BY fid) AS tile, NULL::float8 AS ends_s
FROM shape WHERE geom IS NOT NULL
