-- Traces that no longer hold. Params: trace_ids. Returns nothing; rows count. Index: trace_now.
UPDATE ops.trace SET superseded_at = now() WHERE trace_id = ANY(%(trace_ids)s) AND superseded_at IS NULL
