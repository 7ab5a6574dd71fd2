-- The municipalities as they are drawn from afar.
-- Params: tolerance_m (metres of EPSG:3857). Returns (name, name_en, x, y, geom): a place for the name, WKB in EPSG:3857.
-- name NULL: the feature has none; name_en NULL: nor in English. Index: reference_layer.
SELECT r.name, r.attributes ->> 'name_en' AS name_en, ST_X(p.middle) AS x, ST_Y(p.middle) AS y,
       ST_AsBinary(ST_SimplifyPreserveTopology(g.geom, %(tolerance_m)s)) AS geom
FROM pub.reference AS r
CROSS JOIN LATERAL (SELECT ST_Transform(r.geom, 3857) AS geom) AS g
CROSS JOIN LATERAL (SELECT ST_PointOnSurface(g.geom) AS middle) AS p
WHERE r.layer = 'municipalities' AND ST_Dimension(r.geom) = 2
ORDER BY ST_Area(g.geom) DESC, r.feature_id
