-- A price table. Params: name, file_name, sha256. Returns price_table_id.
INSERT INTO raw.price_table (name, file_name, sha256) VALUES (%(name)s, %(file_name)s, %(sha256)s)
RETURNING price_table_id
