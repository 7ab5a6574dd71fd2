-- New status rows in bulk. NULL: no such moment, treatment not named, no source.
COPY ops.edge_status (event_id, edge_id, state, reason, cleared_at, valid_until, observed_at, covered_fraction,
                      treatment, work_basis, confidence, source, network_version, is_synthetic)
FROM STDIN (FORMAT binary)
