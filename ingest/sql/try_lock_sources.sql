-- The lock of lock_source_fixes.sql for each source that no other transaction writes to; without waiting.
-- params: source_ids. returns: source_id of those that were got.
SELECT source_id FROM unnest(%(source_ids)s::int[]) AS source_id WHERE pg_try_advisory_xact_lock(7902112, source_id)
