-- New node ids; an id is never given twice.
-- Params: n integer. Returns: n rows. Index: none.
SELECT nextval('net.node_id_seq') FROM generate_series(1, %(n)s)
