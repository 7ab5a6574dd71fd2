-- Shapes of road pieces, of former networks too.
-- Params: piece_ids. Returns piece_id, length_m, geom (WKB, longitude and latitude). Index: primary key.
SELECT piece_id, length_m, ST_AsBinary(geom) FROM net.piece WHERE piece_id = ANY(%(piece_ids)s::bigint[])
