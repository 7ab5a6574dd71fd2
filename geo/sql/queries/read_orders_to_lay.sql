-- How each order stands that is not laid so on a network version yet.
-- Params: network_version. Returns order_id, entry_id, kind, restriction, state, direction, begins_at, ends_at, place,
-- geom (WKB), reason (why it was given, not why it was ended), is_reason_public, author, author_of, is_synthetic, in the
-- order of entries; NULL as in raw.order_entry. Indexes: order_entry_order, road_order_now; both tables are small.
SELECT e.order_id, e.entry_id, e.kind, e.restriction, e.state, e.direction, e.begins_at, e.ends_at, e.place,
       ST_AsBinary(e.geom), coalesce(w.reason, e.reason), e.is_reason_public, e.author, e.author_of, e.is_synthetic
FROM (SELECT DISTINCT ON (order_id) * FROM raw.order_entry ORDER BY order_id, entry_id DESC) AS e
LEFT JOIN LATERAL (SELECT reason FROM raw.order_entry AS a
                   WHERE a.order_id = e.order_id AND a.action <> 'end' ORDER BY a.entry_id DESC LIMIT 1) AS w ON true
LEFT JOIN ops.road_order AS o ON o.order_id = e.order_id AND o.superseded_at IS NULL
WHERE (o.entry_id, o.network_version) IS DISTINCT FROM (e.entry_id, %(network_version)s)
ORDER BY e.entry_id
