-- Which matcher and network the facts of a span were made with, and whether any evidence of theirs was deleted.
-- Params: from_at, to_at (both inclusive). Returns matcher_version, network_version, is_line (a ready line: no fixes),
-- n_traces, n_expired (traces whose evidence was deleted). Index: none for the span alone; traces are few beside passes.
SELECT matcher_version, network_version, n_fixes = 0 AS is_line, count(*) AS n_traces,
       count(*) FILTER (WHERE ops.is_evidence_expired(vehicle_id, during)) AS n_expired
FROM ops.trace
WHERE superseded_at IS NULL AND during && tstzrange(%(from_at)s::timestamptz, %(to_at)s::timestamptz, '[]')
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
