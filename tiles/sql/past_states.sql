-- Every state of an event between two moments, by the position of its edge in the order of the index. Edges that are
-- withheld now are left out, and so are those that are not published any more.
-- Params: event_id, from_at, to_at (states that hold at from_at, or begin before to_at; the same moment twice gives the
-- states of that moment), states, reasons (the words in the order of their codes).
-- Returns one row with one value, as states.sql does, 54 bytes a row: position, from_at, to_at (the least int8: it holds
-- still), then what states.sql has. NULL: no state. Indexes: primary keys.
SELECT string_agg(
         int4send(o.position) || timestamptz_send(p.from_at) || timestamptz_send(coalesce(p.to_at, '-infinity'))
         || int2send((array_position(%(states)s::text[], p.state) - 1)::int2)
         || int2send((array_position(%(reasons)s::text[], p.reason) - 1)::int2)
         || timestamptz_send(coalesce(p.cleared_at, '-infinity')) || timestamptz_send(coalesce(p.valid_until, '-infinity'))
         || timestamptz_send(coalesce(p.observed_at, '-infinity')) || int2send(floor(p.covered_fraction * 100)::int2), '')
FROM pub.status_past AS p JOIN pub.road_order AS o USING (edge_id)
WHERE p.event_id = %(event_id)s AND (p.to_at IS NULL OR p.to_at > %(from_at)s)
  AND (p.from_at < %(to_at)s OR p.from_at = %(from_at)s)
  AND NOT EXISTS (SELECT FROM pub.withheld_edge AS w WHERE w.edge_id = p.edge_id)
