-- Ready lines of a span. Params: from_at, to_at (both inclusive).
-- Returns vehicle_id, at, content_key, blade, spreader, work, treatment (NULL: not known), geom as WKB in degrees.
-- Index: none for the span alone; lines are few beside fixes.
SELECT vehicle_id, at, content_key, blade, spreader, work, treatment, ST_AsBinary(geom)
FROM raw.line
WHERE at BETWEEN %(from_at)s::timestamptz AND %(to_at)s::timestamptz
ORDER BY vehicle_id, at, content_key
