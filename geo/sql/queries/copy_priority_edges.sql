-- Metres of edges that lines of the priority network hold, in bulk.
COPY net.priority_edge (network_version, priority_id, edge_id, from_m, to_m)
FROM STDIN
