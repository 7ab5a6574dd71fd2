-- Plough routes with the share of their directed edges that is cleared, and unknown, at as_of.
-- Params: as_of. Returns nothing; rows written count. A route without an edge is unknown as a whole; one without any
-- geometry is left out. target_time, callout_depth_cm NULL: none is set. Index: roads_route.
INSERT INTO pub.routes (route_id, name, route_class, manager, target_time, callout_depth_cm, is_priority_network,
                        length_m, cleared_fraction, unknown_fraction, synthetic, geom)
SELECT p.route_id, p.name, p.route_class, p.manager, p.target_time, p.callout_depth_cm, p.is_priority_network,
       p.laid_m, coalesce(e.cleared_m / e.length_m, 0), coalesce(e.unknown_m / e.length_m, 1), p.is_synthetic,
       coalesce(p.geom, e.geom)
FROM net.plough_route AS p
LEFT JOIN (
  SELECT r.route_id, sum(r.length_m) AS length_m,
         coalesce(sum(r.length_m) FILTER (WHERE s.state = 'cleared' AND s.valid_until > %(as_of)s), 0) AS cleared_m,
         coalesce(sum(r.length_m) FILTER (WHERE s.state = 'unknown'
                                             OR (s.state = 'cleared' AND s.valid_until <= %(as_of)s)), 0) AS unknown_m,
         ST_Multi(ST_Collect(r.geom) FILTER (WHERE NOT r.is_reversed OR r.is_oneway)) AS geom
  FROM pub.roads AS r JOIN pub.edge_status AS s USING (edge_id)
  WHERE r.route_id IS NOT NULL GROUP BY r.route_id
) AS e ON e.route_id = p.route_id
WHERE coalesce(p.geom, e.geom) IS NOT NULL
