-- The published reference layers, asked for when reference_key has changed.
-- Params: none. Returns (layer) in order. Index: reference_layer.
SELECT DISTINCT layer FROM pub.reference ORDER BY layer
