-- Kilometre posts of a route on a network version, in the order of kilometres. Params: network_version, route.
-- Returns km, edge_id, offset_m. Index: primary key.
SELECT km, edge_id, offset_m FROM net.kmpost
WHERE network_version = %(network_version)s AND route = %(route)s
ORDER BY km, edge_id
