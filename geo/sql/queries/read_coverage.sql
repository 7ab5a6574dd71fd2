-- The coverage rows of an event that hold now.
-- Params: event_id. Returns edge_id, covered (text), network_version. Index: coverage_now.
SELECT edge_id, covered::text AS covered, network_version
FROM ops.coverage WHERE event_id = %(event_id)s AND superseded_at IS NULL
