-- New passes in bulk. treatment NULL: not named.
COPY ops.pass (pass_id, trace_id, seq, vehicle_id, edge_id, from_m, to_m, during, kind, status, treatment, work_basis,
               confidence, first_fix_at, last_fix_at, n_fixes, matcher_version, network_version, is_provisional,
               is_synthetic)
FROM STDIN (FORMAT binary)
