-- The newest price table of a name, locked against another one of that name until the transaction ends.
-- Params: name. Returns price_table_id, sha256; no row: none was taken in. Index: price_table_name.
SELECT price_table_id, sha256 FROM raw.price_table WHERE name = %(name)s ORDER BY price_table_id DESC LIMIT 1 FOR UPDATE
