-- Which of some pieces are none of somebody's. params: who, piece_ids. returns piece_id, manager. index: primary key.
SELECT piece_id, manager FROM raw.foreign_pieces(%(who)s, %(piece_ids)s)
