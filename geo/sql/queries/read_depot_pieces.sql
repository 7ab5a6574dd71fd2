-- Road pieces near depots, and where on them the depot lies.
-- Params: near_m, near_deg (the same or more in degrees). Returns piece_id, offset_m along digitising, one row a pair.
-- Index: piece_geom.
SELECT p.piece_id, (ST_LineLocatePoint(p.geom, d.geom) * p.length_m)::float8 AS offset_m
FROM net.depot AS d
JOIN net.piece AS p ON p.geom && ST_Expand(d.geom, %(near_deg)s)
WHERE ST_DWithin(p.geom::geography, d.geom::geography, %(near_m)s)
ORDER BY p.piece_id, offset_m
