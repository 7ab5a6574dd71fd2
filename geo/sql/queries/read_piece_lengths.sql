-- Lengths of road pieces, gone ones too. Params: piece_ids. Returns piece_id, length_m. Index: primary key.
SELECT piece_id, length_m FROM net.piece WHERE piece_id = ANY(%(piece_ids)s)
