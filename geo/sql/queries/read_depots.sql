-- Depots. Params: none. Returns lon, lat.
SELECT ST_X(geom) AS lon, ST_Y(geom) AS lat FROM net.depot ORDER BY depot_id
