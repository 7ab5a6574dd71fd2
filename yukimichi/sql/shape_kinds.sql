-- What shapes a collection really holds, the most frequent kind first.
-- Params: those of the collection's own SELECT, which is put in. Returns (kind) as PostGIS names it, such as
-- POLYGON; no row: nothing has a shape. Never NULL. Index: none, the table is read whole.
SELECT GeometryType(s.geom) AS kind FROM ({source}) AS s WHERE s.geom IS NOT NULL
GROUP BY GeometryType(s.geom) ORDER BY count(*) DESC, GeometryType(s.geom)
