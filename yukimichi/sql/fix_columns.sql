-- The columns of raw.fix. Params: none. Returns column_name, a row each.
SELECT attname AS column_name FROM pg_catalog.pg_attribute
WHERE attrelid = 'raw.fix'::regclass AND attnum > 0 AND NOT attisdropped
