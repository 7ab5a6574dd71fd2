-- Municipalities by id. Params: none. Returns feature_id, name (the id where it has none), is_synthetic. Index: primary key.
SELECT feature_id, coalesce(name, feature_id), is_synthetic
FROM net.reference WHERE layer = 'municipalities' ORDER BY feature_id
