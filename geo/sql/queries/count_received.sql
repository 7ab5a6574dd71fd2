-- How many fixes were received in a span that the stage has read before: a greater number than it saw means that a
-- slow transaction committed late.
-- Params: since, until (both inclusive). Returns n. Index: fix_received (brin) of each partition.
SELECT count(*) AS n FROM raw.fix WHERE received_at BETWEEN %(since)s AND %(until)s
