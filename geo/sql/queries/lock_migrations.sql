-- One migration at a time: waits for another to end; held to the end of the transaction. Params: none. The number is
-- any that nothing else locks.
SELECT pg_advisory_xact_lock(7902110)
