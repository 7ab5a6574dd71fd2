-- One process at a time changes a raster; the lock ends with the session.
-- params: raster_id. returns: whether the lock was got. 7902112 is the class of this lock and used nowhere else.
SELECT pg_try_advisory_lock(7902112, hashtext(%(raster_id)s))
