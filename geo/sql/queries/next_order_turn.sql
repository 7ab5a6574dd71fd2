-- The next moment at which an order begins or ends. Params: after. Returns one row; NULL: none is known.
-- Index: road_order_now; the table is small.
SELECT min(turn.at) FROM ops.road_order AS o
CROSS JOIN LATERAL (VALUES (lower(o.during)), (upper(o.during))) AS turn (at)
WHERE o.superseded_at IS NULL AND turn.at > %(after)s::timestamptz
