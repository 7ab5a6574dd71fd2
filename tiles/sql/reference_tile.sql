-- One vector tile of a reference layer, ordered by id; attributes become properties.
-- Params: z, x, y, layer, tolerance_m (metres of EPSG:3857; 0 keeps the shape). Returns (tile) of bytes, empty where
-- nothing lies. name NULL: the property is absent. Indexes: reference_geom, reference_layer.
WITH tile AS (
  SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS box,
         ST_Transform(ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 0.03125), 4326) AS wide
), shape AS (
  SELECT r.fid, r.feature_id, r.name, r.synthetic, r.attributes,
         ST_AsMVTGeom(ST_Simplify(ST_Transform(r.geom, 3857), %(tolerance_m)s, true), tile.box, 4096, 128, true) AS geom
  FROM pub.reference AS r, tile
  WHERE r.layer = %(layer)s AND r.geom && tile.wide
)
SELECT ST_AsMVT(shape, %(layer)s, 4096, 'geom', 'fid' ORDER BY fid) AS tile FROM shape WHERE geom IS NOT NULL
