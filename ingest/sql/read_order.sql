-- How an order stands: its newest entry. params: order_id. returns at most one row, the columns of read_orders.sql.
-- index: order_entry_order.
SELECT e.order_id, e.entry_id, e.action, e.kind, e.restriction, e.state, e.direction, e.begins_at, e.ends_at, e.place,
       ST_AsBinary(e.geom) AS geom, e.reason, e.is_reason_public, e.author_key_id, e.author, e.author_of, e.source_id,
       e.external_id, e.is_synthetic, e.recorded_at
FROM raw.order_entry AS e WHERE e.order_id = %(order_id)s
ORDER BY e.entry_id DESC LIMIT 1
