-- The box around all roads of today, a cell wider. Params: none. Returns west, south, east, north in degrees; NULL: there are
-- no roads. Index: none, reads every road.
SELECT ST_XMin(box) - 0.0125, ST_YMin(box) - 0.0084, ST_XMax(box) + 0.0125, ST_YMax(box) + 0.0084
FROM (SELECT ST_Extent(r.geom) AS box FROM raw.road AS r JOIN raw.road_set USING (file_id)) AS whole
