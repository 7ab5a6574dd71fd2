-- Unmatched stretches that no longer hold. Params: trace_ids. Returns nothing; rows count. Index: unmatched_trace.
UPDATE ops.unmatched SET superseded_at = now() WHERE trace_id = ANY(%(trace_ids)s) AND superseded_at IS NULL
