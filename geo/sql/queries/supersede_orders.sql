-- Orders that stand otherwise now: end their facts. Params: order_ids. Returns the edge_ids that they held.
-- Indexes: road_order_now, order_edge_order.
WITH gone AS (
  UPDATE ops.road_order SET superseded_at = now() WHERE order_id = ANY(%(order_ids)s) AND superseded_at IS NULL
)
UPDATE ops.order_edge SET superseded_at = now()
WHERE order_id = ANY(%(order_ids)s) AND superseded_at IS NULL
RETURNING edge_id
