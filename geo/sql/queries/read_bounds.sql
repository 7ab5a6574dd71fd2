-- Bounds of all roads of some files, in degrees.
-- Params: file_ids bigint[]. Returns: one row west, south, east, north; NULL where the files have no road.
-- Index: primary key of raw.road.
SELECT st_xmin(b), st_ymin(b), st_xmax(b), st_ymax(b)
FROM (SELECT st_extent(geom) AS b FROM raw.road WHERE file_id = ANY(%(file_ids)s)) AS extent
