-- Metres of plough routes as drawn, by municipality, where the network lacks more than a metre of them.
-- Params: none. Returns route_id, town_id, drawn_m (greater than 0). A route without a drawing has no row.
-- Index: reference_geom of net.
SELECT p.route_id, r.feature_id AS town_id, ST_Length(ST_Intersection(p.geom, r.geom)::geography) AS drawn_m
FROM net.plough_route AS p
JOIN net.reference AS r ON r.layer = 'municipalities' AND ST_Intersects(p.geom, r.geom)
WHERE p.planned_m - p.laid_m > 1 AND ST_Length(ST_Intersection(p.geom, r.geom)::geography) > 0
ORDER BY 1, 2
