-- Which stretches of which edges routes and sections hold, in bulk. Exactly one of route_id and section_id is set.
COPY net.plan_edge (network_version, route_id, section_id, edge_id, from_m, to_m)
FROM STDIN
