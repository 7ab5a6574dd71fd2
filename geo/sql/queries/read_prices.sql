-- The price lines that stand: of each name the newest table, as known at a moment.
-- Params: known_at ('infinity': all that is known now). Returns yen_per_hour, contractor, machine_class, treatment, band,
-- day_kind, valid_from, valid_to. NULL: any, or without that end. Index: price_table_name.
SELECT p.yen_per_hour, p.contractor, p.machine_class, p.treatment, p.band, p.day_kind, p.valid_from, p.valid_to
FROM (
  SELECT DISTINCT ON (name) price_table_id FROM raw.price_table
  WHERE recorded_at <= %(known_at)s::timestamptz ORDER BY name, price_table_id DESC
) AS t
JOIN raw.price AS p USING (price_table_id)
ORDER BY t.price_table_id, p.item
