-- What a plough route or a work section holds on a network version. Params: network_version, route_id, section_id (one
-- of the two is NULL). Returns edge_id, from_m, to_m. Index: none by route; net.plan_edge is read whole.
SELECT edge_id, from_m, to_m FROM net.plan_edge
WHERE network_version = %(network_version)s AND (route_id = %(route_id)s OR section_id = %(section_id)s)
