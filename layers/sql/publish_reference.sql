-- Write the reference layers that everybody may see.
-- Params: private (text[]): names of layers that are never published. Returns nothing; rows written count.
-- name NULL: the feature has none. Index: none, the table is read whole.
INSERT INTO pub.reference (layer, feature_id, name, attributes, synthetic, geom)
SELECT layer, feature_id, name, attributes, is_synthetic, geom
FROM net.reference WHERE layer <> ALL (%(private)s) ORDER BY layer, feature_id
