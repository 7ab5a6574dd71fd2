-- How far each stage has come. Params: none. Returns stage, position, n_waiting (batches of its kind behind it), lag_s
-- (how long the oldest of them has waited; NULL: none waits). Index: primary key of raw.batch.
SELECT w.stage, w.position, count(b.position) AS n_waiting,
       extract(epoch FROM now() - min(b.received_at))::float8 AS lag_s
FROM ops.watermark AS w
LEFT JOIN raw.batch AS b
  ON b.position > w.position AND b.kind = CASE WHEN w.stage LIKE '%lines%' THEN 'lines' ELSE 'fixes' END
WHERE w.stage LIKE 'match%'
GROUP BY w.stage, w.position
ORDER BY w.stage
