-- Kilometre posts on their edges, in bulk; distance_m is from the post as delivered to its road.
COPY net.kmpost (network_version, route, km, edge_id, offset_m, distance_m, geom)
FROM STDIN
