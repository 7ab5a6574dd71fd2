-- What laying plans needs to know of the pieces of one version, by id.
-- Params: network_version integer. Returns: one row a piece. Index: none; the most of net.piece is read.
-- route NULL: the road has no number.
SELECT piece_id, manager, route, external_id, external_from_m, external_to_m
FROM net.piece
WHERE first_version <= %(network_version)s AND (last_version IS NULL OR last_version >= %(network_version)s)
ORDER BY piece_id
