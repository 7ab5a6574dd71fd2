-- How every order stands that is not over at a moment, and with it those that are, where asked for.
-- params: at; with_past; most. returns the columns of raw.order_entry (NULL as there), the newest order first, geom as
-- WKB, and in front of them nothing else. index: order_entry_order; the table is small.
SELECT e.order_id, e.entry_id, e.action, e.kind, e.restriction, e.state, e.direction, e.begins_at, e.ends_at, e.place,
       ST_AsBinary(e.geom) AS geom, e.reason, e.is_reason_public, e.author_key_id, e.author, e.author_of, e.source_id,
       e.external_id, e.is_synthetic, e.recorded_at
FROM (SELECT DISTINCT ON (order_id) * FROM raw.order_entry ORDER BY order_id, entry_id DESC) AS e
WHERE %(with_past)s OR e.ends_at IS NULL OR e.ends_at > %(at)s
ORDER BY e.order_id DESC LIMIT %(most)s
