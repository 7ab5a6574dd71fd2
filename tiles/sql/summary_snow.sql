-- The snow since the event began, over the cells of each municipality, and over all of them.
-- Params: event_id. Returns (name, since_cm, is_whole, observed_at) with one row of all cells, whose name is NULL.
-- since_cm: median of the cells that were observed, NULL: none was; is_whole: each of them was, and wholly; observed_at: the
-- oldest word that it rests on. A cell belongs where its middle lies. Indexes: reference_geom, snow_cell is read whole.
SELECT m.name, percentile_cont(0.5) WITHIN GROUP (ORDER BY c.total_cm) AS since_cm,
       bool_and(c.total_cm IS NOT NULL AND c.basis = 'observed') AS is_whole, min(c.observed_at) AS observed_at
FROM pub.snow_cell AS c
LEFT JOIN pub.reference AS m ON m.layer = 'municipalities' AND ST_Covers(m.geom, ST_Centroid(c.geom))
WHERE c.event_id = %(event_id)s
GROUP BY GROUPING SETS ((m.name), ())
HAVING GROUPING(m.name) = 1 OR m.name IS NOT NULL
