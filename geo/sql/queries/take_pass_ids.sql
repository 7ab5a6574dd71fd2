-- New pass ids. Params: n. Returns pass_id, n rows, ascending.
SELECT nextval(pg_get_serial_sequence('ops.pass', 'pass_id')) AS pass_id FROM generate_series(1, %(n)s)
