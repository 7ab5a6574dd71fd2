-- Which of some pieces are none of somebody's (raw.foreign_pieces says whose). Params: author_of, piece_ids.
-- Returns piece_id, manager. Index: primary key.
SELECT piece_id, manager FROM raw.foreign_pieces(%(author_of)s, %(piece_ids)s)
