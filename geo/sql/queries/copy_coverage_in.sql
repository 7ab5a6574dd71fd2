-- New coverage rows in bulk.
COPY ops.coverage (event_id, edge_id, covered, covered_fraction, network_version) FROM STDIN
