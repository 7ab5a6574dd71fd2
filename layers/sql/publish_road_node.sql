-- Where the published edges of plough routes begin and end in the direction of travel.
-- Params: none. Returns nothing; rows written count. pub.road_node is empty before. NULL: nothing is.
-- Index: none, both sides are read whole.
INSERT INTO pub.road_node (edge_id, from_node, to_node)
SELECT r.edge_id, CASE WHEN r.is_reversed THEN p.to_node ELSE p.from_node END,
       CASE WHEN r.is_reversed THEN p.from_node ELSE p.to_node END
FROM pub.roads AS r JOIN net.piece AS p USING (piece_id)
WHERE r.route_id IS NOT NULL
