-- What became of gone edges, in bulk. to_edge_id NULL: nothing stands for the stretch any more.
COPY net.edge_lineage (network_version, from_edge_id, from_from_m, from_to_m, to_edge_id, to_from_m, to_to_m)
FROM STDIN
