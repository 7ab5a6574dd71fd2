-- Ids of all edges in the order of the index, as binary COPY.
-- Params: none. Returns (edge_id), ordered by position. Index: road_order_position_key.
COPY (SELECT o.edge_id FROM pub.road_order AS o ORDER BY o.position) TO STDOUT (FORMAT binary)
