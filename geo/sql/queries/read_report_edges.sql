-- What road each edge is of, and which plough route and work section hold at least half of it in the newest network.
-- Params: edge_ids. Returns edge_id, route_id, section_id, road. NULL: none. road is the line of road, else its name.
-- Indexes: plan_edge_edge, primary key of net.piece.
SELECT e.edge_id, r.route_id, s.section_id, coalesce(n.route, n.name) AS road
FROM unnest(%(edge_ids)s::bigint[]) AS e (edge_id)
JOIN net.piece AS n ON n.piece_id = e.edge_id >> 1
LEFT JOIN LATERAL (
  SELECT p.route_id FROM net.plan_edge AS p
  WHERE p.edge_id = e.edge_id AND p.route_id IS NOT NULL
    AND p.network_version = (SELECT max(network_version) FROM net.version)
  GROUP BY p.route_id HAVING sum(p.to_m - p.from_m) >= 0.5 * n.length_m
  ORDER BY sum(p.to_m - p.from_m) DESC, p.route_id LIMIT 1
) AS r ON true
LEFT JOIN LATERAL (
  SELECT p.section_id FROM net.plan_edge AS p
  WHERE p.edge_id = e.edge_id AND p.section_id IS NOT NULL
    AND p.network_version = (SELECT max(network_version) FROM net.version)
  GROUP BY p.section_id HAVING sum(p.to_m - p.from_m) >= 0.5 * n.length_m
  ORDER BY sum(p.to_m - p.from_m) DESC, p.section_id LIMIT 1
) AS s ON true
