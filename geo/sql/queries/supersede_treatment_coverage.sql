-- Coverage of treatments that no longer holds. Params: event_id, edge_ids and treatments (pairs by place). Returns
-- nothing; rows count. Index: treatment_coverage_now.
UPDATE ops.treatment_coverage AS c SET superseded_at = now()
FROM unnest(%(edge_ids)s::bigint[], %(treatments)s::text[]) AS gone (edge_id, treatment)
WHERE c.event_id = %(event_id)s AND c.edge_id = gone.edge_id AND c.treatment = gone.treatment
  AND c.superseded_at IS NULL
