-- The municipalities that roads may lie in, in the order of their ids.
-- Params: none. Returns (feature_id, name, name_en). name_en NULL: the layer tells none. Index: reference_layer.
SELECT min(r.feature_id) AS feature_id, r.name, min(r.attributes ->> 'name_en') AS name_en
FROM pub.reference AS r
WHERE r.layer = 'municipalities' AND r.name IS NOT NULL
GROUP BY r.name ORDER BY 1
