-- One process at a time takes in a file; the lock ends with the session, so a killed one leaves none.
-- params: file_id. returns: whether the lock was got. 7902111 is the class of this lock and used nowhere else.
SELECT pg_try_advisory_lock(7902111, %(file_id)s::int)
