-- What was quarantined since a moment. Params: since. Returns source, reason, n; the most first. Index:
-- quarantine_recorded.
SELECT s.name AS source, q.reason, count(*) AS n
FROM raw.quarantine AS q JOIN raw.source AS s USING (source_id)
WHERE q.recorded_at > %(since)s::timestamptz
GROUP BY s.name, q.reason
ORDER BY n DESC, s.name, q.reason
