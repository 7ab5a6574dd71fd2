-- Which metres of which edges orders hold, in bulk.
COPY ops.order_edge (order_id, entry_id, kind, restriction, state, edge_id, from_m, to_m, during, network_version)
FROM STDIN
