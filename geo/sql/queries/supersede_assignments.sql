-- These assignments are no longer what is known.
-- Params: ids bigint[]. Returns: nothing. Index: primary key.
UPDATE ops.assignment SET superseded_at = now() WHERE assignment_id = ANY(%(ids)s)
