-- Coverage rows of an event that no longer hold. Params: event_id, edge_ids. Returns nothing; rows count.
-- Index: coverage_now.
UPDATE ops.coverage SET superseded_at = now()
WHERE event_id = %(event_id)s AND edge_id = ANY(%(edge_ids)s) AND superseded_at IS NULL
