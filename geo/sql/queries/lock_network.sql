-- One builder of networks and plans at a time: waits for another to end; held to the end of the transaction.
-- Params: none. Returns: nothing of use. Index: none.
SELECT pg_advisory_xact_lock(7902111)
