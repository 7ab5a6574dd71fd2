-- Names of the sources. Params: none. Returns source_id, name. Index: primary key.
SELECT source_id, name FROM raw.source ORDER BY source_id
