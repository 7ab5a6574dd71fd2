-- How every order of an import stands. params: source_id. returns the columns of read_orders.sql.
-- index: order_entry_source.
SELECT e.order_id, e.entry_id, e.action, e.kind, e.restriction, e.state, e.direction, e.begins_at, e.ends_at, e.place,
       ST_AsBinary(e.geom) AS geom, e.reason, e.is_reason_public, e.author_key_id, e.author, e.author_of, e.source_id,
       e.external_id, e.is_synthetic, e.recorded_at
FROM (SELECT DISTINCT ON (order_id) * FROM raw.order_entry WHERE source_id = %(source_id)s
      ORDER BY order_id, entry_id DESC) AS e
ORDER BY e.order_id
