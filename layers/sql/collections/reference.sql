-- Features of one reference layer; attributes are spread into the properties.
-- Params: layer. Returns the columns of the catalogue, attributes (jsonb) and geom (EPSG:4326).
-- name NULL: the feature has none. Indexes: reference_geom, the unique key (layer, feature_id).
SELECT feature_id, name, synthetic, attributes, geom FROM pub.reference WHERE layer = %(layer)s
