-- Positions of the edges that are withheld now, in the order of the index.
-- Params: none. Returns one row with one value: the positions (int4, big-endian) one after another, ascending. NULL: none.
-- Indexes: primary keys.
SELECT string_agg(int4send(o.position), '' ORDER BY o.position)
FROM pub.withheld_edge AS w JOIN pub.road_order AS o USING (edge_id)
