-- The published piece that holds most of a former one, followed from network version to network version. Ids are never
-- used again, so every walk ends.
-- Params: none. Returns nothing; rows written count. pub.former_piece is empty before. NULL: nothing is; what nothing holds
-- any more gets no row. Indexes: roads_piece; net.edge_lineage is read whole.
WITH RECURSIVE heir AS (
  SELECT DISTINCT ON (l.from_edge_id >> 1) l.from_edge_id >> 1 AS piece_id, l.to_edge_id >> 1 AS heir_id
  FROM net.edge_lineage AS l WHERE l.to_edge_id IS NOT NULL
  GROUP BY l.from_edge_id >> 1, l.to_edge_id >> 1
  ORDER BY l.from_edge_id >> 1, sum(l.from_to_m - l.from_from_m) DESC, l.to_edge_id >> 1
), walk AS (
  SELECT h.piece_id, h.heir_id FROM heir AS h
  UNION
  SELECT w.piece_id, h.heir_id FROM walk AS w JOIN heir AS h ON h.piece_id = w.heir_id
)
INSERT INTO pub.former_piece (piece_id, heir_id)
SELECT w.piece_id, w.heir_id FROM walk AS w
WHERE EXISTS (SELECT FROM pub.roads AS r WHERE r.piece_id = w.heir_id)
  AND NOT EXISTS (SELECT FROM pub.roads AS r WHERE r.piece_id = w.piece_id)
