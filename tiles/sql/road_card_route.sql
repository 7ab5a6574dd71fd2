-- The edges of a plough route with their ends in the direction of travel and the last work on them, if it was late enough:
-- of a cleared edge when it was, of one that is being cleared when a machine was seen there last. And how many routes of
-- the same manager and municipality have an earlier deadline and are not done.
-- Params: route_id, since, municipality, target_at (NULL: none, then nothing is earlier), done_share.
-- Returns one row: edge_id, length_m, from_node, to_node and worked_at as arrays in one order (worked_at NULL: no such
-- work), n_earlier, earlier_class (NULL: no route, or of several classes). Arrays NULL: the route has no edge.
-- Indexes: roads_route, primary keys of pub.road_node, pub.edge_status, pub.route_town, pub.routes and pub.service_level.
SELECT e.edge_id, e.length_m, e.from_node, e.to_node, e.worked_at, b.n_earlier, b.earlier_class
FROM (
  SELECT array_agg(r.edge_id ORDER BY r.edge_id) AS edge_id, array_agg(r.length_m ORDER BY r.edge_id) AS length_m,
         array_agg(n.from_node ORDER BY r.edge_id) AS from_node, array_agg(n.to_node ORDER BY r.edge_id) AS to_node,
         array_agg(CASE WHEN w.worked_at >= %(since)s::timestamptz THEN w.worked_at END ORDER BY r.edge_id)
           AS worked_at
  FROM pub.roads AS r
  JOIN pub.road_node AS n USING (edge_id)
  JOIN pub.edge_status AS s USING (edge_id)
  CROSS JOIN LATERAL (
    SELECT CASE s.state WHEN 'cleared' THEN s.cleared_at WHEN 'clearing' THEN s.observed_at END AS worked_at
  ) AS w
  WHERE r.route_id = %(route_id)s
) AS e
CROSS JOIN (
  SELECT count(*) AS n_earlier,
         CASE WHEN count(DISTINCT p.route_class) = 1 THEN min(p.route_class) END AS earlier_class
  FROM pub.route_town AS t
  JOIN pub.routes AS p USING (route_id)
  JOIN pub.routes AS own ON own.route_id = %(route_id)s AND own.manager = p.manager
  JOIN pub.service_level AS l ON l.kind = 'route' AND l.name = p.route_id
  CROSS JOIN pub.dataset AS d
  WHERE t.municipality = %(municipality)s AND p.route_id <> own.route_id AND p.route_class <> own.route_class
    AND l.as_of >= d.reference_at AND l.target_at < %(target_at)s::timestamptz AND p.cleared_fraction < %(done_share)s
    AND NOT EXISTS (SELECT FROM pub.withheld_edge AS h JOIN pub.roads AS o USING (edge_id) WHERE o.route_id = p.route_id)
) AS b
