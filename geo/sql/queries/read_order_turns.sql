-- Edges that restrictions and corrections begin or cease to hold after one moment and up to another.
-- Params: after, until. Returns edge_id. Index: order_edge_during.
SELECT DISTINCT edge_id FROM ops.order_edge
WHERE superseded_at IS NULL AND kind <> 'publication_stop'
  AND during && tstzrange(%(after)s::timestamptz, %(until)s::timestamptz, '[]')
  AND (   (lower(during) > %(after)s::timestamptz AND lower(during) <= %(until)s::timestamptz)
       OR (upper(during) > %(after)s::timestamptz AND upper(during) <= %(until)s::timestamptz))
