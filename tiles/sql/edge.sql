-- What road_status says of one edge. `source` is that collection's SELECT.
-- Params: edge_id, those of `source`. Returns at most one row, its columns. Indexes: those of the source.
SELECT s.* FROM ({source}) AS s WHERE s.edge_id = %(edge_id)s
