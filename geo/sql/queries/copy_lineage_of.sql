-- What became of edges that the current network no longer has.
-- Params: edge_ids. Returns from_edge_id, from_from_m, from_to_m, to_edge_id, to_from_m, to_to_m, network_version;
-- stretches that are gone are left out. Index: edge_lineage_from.
COPY (
  SELECT from_edge_id, from_from_m, from_to_m, to_edge_id, to_from_m, to_to_m, network_version
  FROM net.edge_lineage WHERE from_edge_id = ANY(%(edge_ids)s) AND to_edge_id IS NOT NULL
) TO STDOUT (FORMAT binary)
