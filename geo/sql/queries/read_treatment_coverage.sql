-- What treatments cover in an event, the rows that hold now.
-- Params: event_id, edge_ids (NULL: all). Returns edge_id, treatment, covered (text), reached_us (NULL: the share is not
-- reached), network_version. Index: treatment_coverage_now.
SELECT edge_id, treatment, covered::text AS covered, (extract(epoch FROM reached_at) * 1000000)::bigint AS reached_us,
       network_version
FROM ops.treatment_coverage
WHERE event_id = %(event_id)s AND superseded_at IS NULL
  AND (%(edge_ids)s::bigint[] IS NULL OR edge_id = ANY(%(edge_ids)s::bigint[]))
