-- Wait until no other transaction writes fixes of these sources, and keep others out until the commit. The same lock as
-- lock_source_fixes.sql; taken in the order of the list, so that two groups never wait for each other.
-- params: source_ids, ascending. returns: a row a source.
SELECT pg_advisory_xact_lock(7902112, source_id) FROM unnest(%(source_ids)s::int[]) AS source_id
