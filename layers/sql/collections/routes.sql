-- Plough routes with their shares at as_of: a clearing counts only while it is valid.
-- Params: as_of. Returns the columns of the catalogue and geom (EPSG:4326). A route without an edge is unknown as a
-- whole. NULL as the catalogue says. Indexes: primary keys, roads_route.
SELECT p.route_id, p.name, p.route_class, p.manager, p.target_time, p.callout_depth_cm, p.is_priority_network,
       round(p.length_m::numeric, 2)::float8 AS length_m,
       coalesce(e.cleared_m / e.length_m, 0)::real AS cleared_fraction,
       coalesce(e.unknown_m / e.length_m, 1)::real AS unknown_fraction, %(as_of)s::timestamptz AS as_of, p.synthetic,
       p.geom
FROM pub.routes AS p
CROSS JOIN LATERAL (
  SELECT sum(r.length_m) AS length_m,
         coalesce(sum(r.length_m) FILTER (WHERE s.state = 'cleared' AND s.valid_until > %(as_of)s::timestamptz), 0)
           AS cleared_m,
         coalesce(sum(r.length_m) FILTER (WHERE s.state = 'unknown' OR (s.state = 'cleared'
                                            AND s.valid_until <= %(as_of)s::timestamptz)), 0) AS unknown_m
  FROM pub.roads AS r JOIN pub.edge_status AS s USING (edge_id)
  WHERE r.route_id = p.route_id
) AS e
