-- Moments at which orders of road managers begin or end in a span of time: states change there whatever the grid.
-- Params: from_at, to_at. Returns (at), ascending, each once. Index: road_order_now.
SELECT DISTINCT at
FROM ops.road_order AS o, LATERAL (VALUES (lower(o.during)), (upper(o.during))) AS v (at)
WHERE o.superseded_at IS NULL AND o.kind <> 'publication_stop' AND at > %(from_at)s AND at < %(to_at)s
ORDER BY at
