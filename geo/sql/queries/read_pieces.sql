-- The pieces of one network version, by id.
-- Params: network_version integer. Returns: one row a piece. Index: none; the most of net.piece is read.
-- last_version NULL: the piece is in the newest version.
SELECT piece_id, from_node, to_node, length_m, oneway, is_closed, speed_mps, level, road_class, st_asbinary(geom)
FROM net.piece
WHERE first_version <= %(network_version)s AND (last_version IS NULL OR last_version >= %(network_version)s)
ORDER BY piece_id
