-- Every state of an event between two moments, by the position of its edge in the order of the index, as binary COPY.
-- Edges that are withheld now are left out, and so are those that are not published any more.
-- Params: event_id, from_at, to_at (states that hold at from_at, or begin before to_at; the same moment twice gives the
-- states of that moment), states, reasons (the words in the order of their codes).
-- Returns (position, begin_s, end_s, state, reason, cleared_s, valid_s, observed_s, covered), nothing NULL: begin_s and
-- end_s rounded up, other times rounded down, all in seconds since the epoch; end_s, or a time, -1 where there is none;
-- codes; whole percent rounded down. Indexes: primary keys.
COPY (
  SELECT o.position, ceil(extract(epoch FROM p.from_at))::int8 AS begin_s,
         coalesce(ceil(extract(epoch FROM p.to_at)), -1)::int8 AS end_s,
         (array_position(%(states)s::text[], p.state) - 1)::int2 AS state,
         (array_position(%(reasons)s::text[], p.reason) - 1)::int2 AS reason,
         coalesce(floor(extract(epoch FROM p.cleared_at)), -1)::int8 AS cleared_s,
         coalesce(floor(extract(epoch FROM p.valid_until)), -1)::int8 AS valid_s,
         coalesce(floor(extract(epoch FROM p.observed_at)), -1)::int8 AS observed_s,
         floor(p.covered_fraction * 100)::int2 AS covered
  FROM pub.status_past AS p JOIN pub.road_order AS o USING (edge_id)
  WHERE p.event_id = %(event_id)s AND (p.to_at IS NULL OR p.to_at > %(from_at)s)
    AND (p.from_at < %(to_at)s OR p.from_at = %(from_at)s)
    AND NOT EXISTS (SELECT FROM pub.withheld_edge AS w WHERE w.edge_id = p.edge_id)
) TO STDOUT (FORMAT binary)
