-- One run of a stage at a time; the lock ends with the transaction.
-- Params: stage. Returns nothing of use.
SELECT pg_advisory_xact_lock(hashtext('yukimichi stage'), hashtext(%(stage)s))
