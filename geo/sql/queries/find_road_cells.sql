-- Cells of the mesh with a vertex or a quarter point of a road piece that holds now (geo/snow.py numbers them).
-- Params: none. Returns cell, ascending. Index: piece_open; reads every piece.
SELECT DISTINCT floor((ST_Y(p.geom) + 90) * 120)::integer * 28800 + floor((ST_X(p.geom) + 180) * 80)::integer AS cell
FROM net.piece AS n
CROSS JOIN LATERAL (
  SELECT (ST_DumpPoints(n.geom)).geom
  UNION ALL
  SELECT ST_LineInterpolatePoint(n.geom, share) FROM unnest(ARRAY[0.25, 0.5, 0.75]) AS share
) AS p
WHERE n.last_version IS NULL
ORDER BY cell
