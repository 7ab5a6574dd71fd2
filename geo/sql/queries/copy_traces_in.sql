-- New traces in bulk.
COPY ops.trace (trace_id, vehicle_id, during, n_fixes, n_dropped, n_unmatched, n_breaks, content_key, matcher_version,
                network_version, is_provisional, is_synthetic)
FROM STDIN (FORMAT binary)
