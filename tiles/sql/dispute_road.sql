-- The road that a dispute is about, with what is told of it now. `source` is the SELECT of road_status, which tells
-- nothing that the public may not see.
-- Params: edge_id, other_id (the other direction; NULL: it is not asked for), those of `source`. Returns at most two rows,
-- the direction along digitising first: the columns of road_status, ewkb (its shape), status_version.
-- Indexes: those of the source.
SELECT s.*, ST_AsEWKB(s.geom) AS ewkb, (SELECT d.status_version FROM pub.dataset AS d) AS status_version
FROM ({source}) AS s WHERE s.edge_id IN (%(edge_id)s, %(other_id)s) ORDER BY s.edge_id
