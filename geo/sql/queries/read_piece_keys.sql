-- Ids, end nodes, content and origin of the pieces of the newest version, by id.
-- Params: none. Returns: one row a piece. Index: piece_open.
SELECT piece_id, from_node, to_node, content_key, external_id, external_from_m, external_to_m
FROM net.piece
WHERE last_version IS NULL
ORDER BY piece_id
