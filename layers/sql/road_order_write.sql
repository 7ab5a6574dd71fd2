-- Write the order of edges. Params: none; binary rows come by COPY. Returns nothing. The table is empty before.
COPY pub.road_order (edge_id, position) FROM STDIN (FORMAT binary)
