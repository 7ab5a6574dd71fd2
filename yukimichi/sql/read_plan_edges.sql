-- Edge intervals of routes and sections. Params: network_version (int). Returns: route_id, section_id (one of them
-- NULL), edge_id, from_m, to_m. Index: none, the table is read whole.
SELECT route_id, section_id, edge_id, from_m, to_m FROM net.plan_edge WHERE network_version = %(network_version)s
