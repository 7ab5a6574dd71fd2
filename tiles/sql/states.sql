-- States of the edges that changed after a status version, by their position in the order of the index.
-- Params: since (0: all edges), states, reasons (the words in the order of their codes).
-- Returns one row with one value, the rows one after another in binary, big-endian, 38 bytes each: position (int4), state,
-- reason (int2 codes), cleared_at, valid_until, observed_at (int8 microseconds since 2000; the least int8: no such
-- moment), covered (int2, whole percent rounded down). NULL: no edge. One value, since every row would cost the server a
-- turn of its event loop.
-- Indexes: edge_status_version, primary keys; for all edges both tables are read whole.
SELECT string_agg(
         int4send(o.position) || int2send((array_position(%(states)s::text[], s.state) - 1)::int2)
         || int2send((array_position(%(reasons)s::text[], s.reason) - 1)::int2)
         || timestamptz_send(coalesce(s.cleared_at, '-infinity')) || timestamptz_send(coalesce(s.valid_until, '-infinity'))
         || timestamptz_send(coalesce(s.observed_at, '-infinity')) || int2send(floor(s.covered_fraction * 100)::int2), '')
FROM pub.edge_status AS s JOIN pub.road_order AS o USING (edge_id)
WHERE s.status_version > %(since)s
