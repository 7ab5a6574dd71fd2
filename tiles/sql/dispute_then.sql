-- What had been told of an edge at an earlier moment. `past` is the SELECT of road_status_past, whose as_of is that moment.
-- Params: edge_id, those of `past`. Returns at most one row (state, reason); none: nothing is known of that moment.
-- Indexes: those of the source.
SELECT s.state, s.reason FROM ({past}) AS s WHERE s.edge_id = %(edge_id)s
