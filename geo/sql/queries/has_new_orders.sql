-- Whether an order is not laid as it stands on the newest network version. Params: none. Returns one row.
-- Indexes: order_entry_order, road_order_now; both tables are small.
SELECT EXISTS (
  SELECT FROM (SELECT order_id, max(entry_id) AS entry_id FROM raw.order_entry GROUP BY order_id) AS e
  LEFT JOIN ops.road_order AS o ON o.order_id = e.order_id AND o.superseded_at IS NULL
  WHERE (o.entry_id, o.network_version)
    IS DISTINCT FROM (e.entry_id, (SELECT max(v.network_version) FROM net.version AS v)))
