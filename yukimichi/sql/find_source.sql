-- The id of a source. Params: name. Returns source_id; no row: it is not known. Index: source_name_key.
SELECT source_id FROM raw.source WHERE name = %(name)s
