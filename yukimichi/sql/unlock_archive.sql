-- Give the lock of try_lock_archive.sql back at once. Params: none. Returns whether it was held.
SELECT pg_advisory_unlock(7902114, 0)
