-- New coverage of treatments in bulk. NULL: the share is not reached.
COPY ops.treatment_coverage (event_id, edge_id, treatment, covered, covered_fraction, reached_at, network_version)
FROM STDIN
