-- Ids of all edges in the order of the index.
-- Params: none. Returns one row with one value: the ids (int8, big-endian) one after another. NULL: no edge.
-- Index: road_order_position_key.
SELECT string_agg(int8send(o.edge_id), '' ORDER BY o.position) FROM pub.road_order AS o
