-- Status rows that no longer hold. Params: edge_ids. Returns nothing; rows count. Index: edge_status_now.
UPDATE ops.edge_status SET superseded_at = now() WHERE edge_id = ANY(%(edge_ids)s) AND superseded_at IS NULL
