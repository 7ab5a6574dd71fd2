-- One process at a time moves days between database and archive; the lock ends with the session, so a killed one leaves
-- none. Params: none. Returns whether the lock was got. 7902114 is the class of this lock and used nowhere else.
SELECT pg_try_advisory_lock(7902114, 0)
