-- Metres of each edge that each route and section holds; joined with the machines outside, by hash.
-- Params: network_version. Returns edge_id, area (hash of the route id, or with seed 1 of the section id), held_m.
-- Index: none, the table is read whole.
COPY (
  SELECT edge_id,
         CASE WHEN route_id IS NOT NULL THEN hashtextextended(route_id, 0) ELSE hashtextextended(section_id, 1) END,
         sum(to_m - from_m)
  FROM net.plan_edge WHERE network_version = %(network_version)s
  GROUP BY edge_id, route_id, section_id
) TO STDOUT (FORMAT binary)
