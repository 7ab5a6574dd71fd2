-- States of the edges that changed after a status version, by their position in the order of the index, as binary COPY.
-- Params: since (0: all edges), states, reasons (the words in the order of their codes).
-- Returns (position, state, reason, cleared_s, valid_s, observed_s, covered), nothing NULL: codes, seconds since the
-- epoch rounded down with -1 for no such moment, whole percent rounded down.
-- Indexes: edge_status_version, primary keys; for all edges both tables are read whole.
COPY (
  SELECT o.position, (array_position(%(states)s::text[], s.state) - 1)::int2 AS state,
         (array_position(%(reasons)s::text[], s.reason) - 1)::int2 AS reason,
         coalesce(floor(extract(epoch FROM s.cleared_at)), -1)::int8 AS cleared_s,
         coalesce(floor(extract(epoch FROM s.valid_until)), -1)::int8 AS valid_s,
         coalesce(floor(extract(epoch FROM s.observed_at)), -1)::int8 AS observed_s,
         floor(s.covered_fraction * 100)::int2 AS covered
  FROM pub.edge_status AS s JOIN pub.road_order AS o USING (edge_id)
  WHERE s.status_version > %(since)s
) TO STDOUT (FORMAT binary)
