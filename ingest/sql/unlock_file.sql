-- Give the lock of lock_file.sql back. params: file_id.
SELECT pg_advisory_unlock(7902111, %(file_id)s::int)
