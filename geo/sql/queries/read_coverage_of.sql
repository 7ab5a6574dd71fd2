-- The coverage rows of some edges in an event that hold now.
-- Params: event_id, edge_ids. Returns edge_id, covered (text), network_version. Index: coverage_now.
SELECT edge_id, covered::text AS covered, network_version
FROM ops.coverage WHERE event_id = %(event_id)s AND edge_id = ANY(%(edge_ids)s) AND superseded_at IS NULL
