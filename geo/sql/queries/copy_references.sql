-- Features of the reference layers in bulk. name NULL: the feature has none.
COPY net.reference (layer, feature_id, name, attributes, is_synthetic, geom)
FROM STDIN
