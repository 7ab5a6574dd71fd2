-- New trace ids.
-- Params: n. Returns id, n rows.
SELECT nextval('ops.trace_id_seq') AS id FROM generate_series(1, %(n)s)
