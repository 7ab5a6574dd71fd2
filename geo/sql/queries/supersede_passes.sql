-- Passes that no longer hold. Params: pass_ids. Returns nothing; rows count. Index: primary key.
UPDATE ops.pass SET superseded_at = now() WHERE pass_id = ANY(%(pass_ids)s) AND superseded_at IS NULL
