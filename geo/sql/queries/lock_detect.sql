-- One search for storms at a time. Params: none. Returns nothing of use; held to the end of the transaction.
-- 7902117 is the class of this lock and used nowhere else.
SELECT pg_advisory_xact_lock(7902117, 0)
