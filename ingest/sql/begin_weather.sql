-- Let one transaction at a time write weather, and give the moment at which it is recorded: later than all before it.
-- Params: none. Returns that moment. 7902116 is the class of this lock and used nowhere else.
WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock(7902116, 0))
SELECT clock_timestamp() FROM locked
