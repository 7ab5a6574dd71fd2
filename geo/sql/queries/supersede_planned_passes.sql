-- These planned passes are no longer what is known.
-- Params: ids bigint[]. Returns: nothing. Index: primary key.
UPDATE ops.planned_pass SET superseded_at = now() WHERE planned_pass_id = ANY(%(ids)s)
