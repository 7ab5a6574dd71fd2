-- One process at a time is a worker; the lock ends with the session, so a killed one leaves none.
-- Params: worker, its number from 0. Returns whether the lock was got. 7902114 is the class of this lock, used nowhere else.
SELECT pg_try_advisory_lock(7902114, %(worker)s::int)
