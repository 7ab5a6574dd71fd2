-- New status rows in bulk. NULL: no such moment, treatment not named, no source, no restriction, snow not known.
COPY ops.edge_status (event_id, edge_id, state, reason, cleared_at, valid_until, observed_at, covered_fraction,
                      passed_fraction, passes_needed, treatment, work_basis, confidence, source, spread_at, sidewalk_at,
                      restriction, is_corrected, snow_cell, snow_at_clearing_cm, network_version, is_synthetic)
FROM STDIN (FORMAT binary)
