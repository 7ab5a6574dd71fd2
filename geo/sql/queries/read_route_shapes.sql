-- Plough routes as drawn. Params: none. Returns route_id, geom as WKB in degrees (NULL: it has no drawing), missing_m
-- (metres that the network does not have); by id. Index: none, a small table.
SELECT route_id, ST_AsBinary(geom) AS geom, greatest(planned_m - laid_m, 0) AS missing_m
FROM net.plough_route ORDER BY route_id
