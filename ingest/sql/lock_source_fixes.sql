-- One transaction at a time writes fixes of a source; ends with the transaction.
-- params: source_id. 7902112 is the class of this lock and used nowhere else.
SELECT pg_advisory_xact_lock(7902112, %(source_id)s::int)
