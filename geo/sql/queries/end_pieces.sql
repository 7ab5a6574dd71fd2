-- These pieces are in no version after last_version.
-- Params: piece_ids bigint[], last_version integer. Returns: nothing. Index: primary key.
UPDATE net.piece SET last_version = %(last_version)s WHERE piece_id = ANY(%(piece_ids)s)
