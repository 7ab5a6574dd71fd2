-- Stretches of edges that restrictions and corrections hold at a moment, as known at another, for numpy.
-- Params: as_of; known_at ('infinity': all that is known now); restrictions, states (the vocabularies in their order).
-- Returns edge_id, from_m, to_m, entry_id, restriction, state (-1: none), begin of the order. Index: order_edge_during.
COPY (
  SELECT edge_id, from_m, to_m, entry_id,
         (coalesce(array_position(%(restrictions)s::text[], restriction), 0) - 1)::int2,
         (coalesce(array_position(%(states)s::text[], state), 0) - 1)::int2, lower(during)
  FROM ops.order_edge
  WHERE during @> %(as_of)s::timestamptz AND kind IN ('restriction', 'correction')
    AND recorded_at <= %(known_at)s::timestamptz
    AND (superseded_at IS NULL OR superseded_at > %(known_at)s::timestamptz)
) TO STDOUT (FORMAT binary)
