-- Where ploughs stand. Params: none. Returns: lon, lat. Index: none, some dozens of rows.
SELECT ST_X(geom), ST_Y(geom) FROM net.depot ORDER BY depot_id
