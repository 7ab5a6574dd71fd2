-- Write spans that were worked out from the facts. Params: none; binary rows come by COPY. Returns nothing.
COPY pub.status_past (event_id, edge_id, from_at, to_at, state, reason, cleared_at, valid_until, observed_at,
                      covered_fraction, passed_fraction, treatment, spread_at, sidewalk_at, restriction, is_corrected,
                      work_basis, confidence, source, synthetic) FROM STDIN (FORMAT binary)
