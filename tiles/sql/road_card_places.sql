-- Settlements that a road may lead to. Params: none. Returns (name, name_en, size, lon, lat); name_en NULL: none is given,
-- size NULL: not told. Index: reference_layer.
SELECT name, attributes ->> 'name_en' AS name_en,
       CASE WHEN jsonb_typeof(attributes -> 'size') = 'number' THEN (attributes ->> 'size')::float8 END AS size,
       ST_X(ST_Centroid(geom)) AS lon, ST_Y(ST_Centroid(geom)) AS lat
FROM pub.reference WHERE layer = 'settlements' AND name IS NOT NULL ORDER BY fid
