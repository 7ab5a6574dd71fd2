-- The published piece that holds most of a former one. Params: piece_id. Returns at most one row (heir_id).
-- Index: primary key.
SELECT heir_id FROM pub.former_piece WHERE piece_id = %(piece_id)s
