-- Lines of some batches, the next ones after a key.
-- Params: batch_ids, after_vehicle_id, after_at, after_key (the last line read; -1, -infinity and 0 at first), n.
-- Returns vehicle_id, at, content_key, blade, spreader, work, treatment (NULL: not known), geom as WKB in degrees.
-- Index: line_batch.
SELECT vehicle_id, at, content_key, blade, spreader, work, treatment, ST_AsBinary(geom)
FROM raw.line
WHERE batch_id = ANY(%(batch_ids)s)
  AND (vehicle_id, at, content_key) > (%(after_vehicle_id)s, %(after_at)s::timestamptz, %(after_key)s)
ORDER BY vehicle_id, at, content_key
LIMIT %(n)s
