-- The name of a key. Params: key_id. Returns at most one row (name). Index: primary key.
SELECT name FROM app.api_key WHERE key_id = %(key_id)s
