-- Positions of the edges that are withheld now, in the order of the index, as binary COPY.
-- Params: none. Returns (position), ascending. Indexes: primary keys.
COPY (
  SELECT o.position FROM pub.withheld_edge AS w JOIN pub.road_order AS o USING (edge_id) ORDER BY o.position
) TO STDOUT (FORMAT binary)
