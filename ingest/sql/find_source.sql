-- The id of a source by its name.
-- params: name. returns: source_id; no row: nobody delivered under that name yet. index: source_name_key.
SELECT source_id FROM raw.source WHERE name = %(name)s
