-- The box of what a collection holds; `source` is its SELECT. Params: those of the source.
-- Returns one row (west, south, east, north), degrees; NULL: it holds nothing with a place. Indexes: none, it is read whole.
SELECT ST_XMin(e.box), ST_YMin(e.box), ST_XMax(e.box), ST_YMax(e.box)
FROM (SELECT ST_Extent(s.geom) AS box FROM ({source}) AS s) AS e
