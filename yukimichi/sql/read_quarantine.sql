-- The newest rejected input. Params: limit (int), reason (text; NULL: every reason). Returns: file (NULL: came in live),
-- line and item (NULL where the format has none), kind, reason, detail. Index: primary key, backwards.
SELECT f.file_name, q.line, q.item, q.kind, q.reason, q.detail
FROM raw.quarantine AS q LEFT JOIN raw.ingest_file AS f USING (file_id)
WHERE %(reason)s::text IS NULL OR q.reason = %(reason)s
ORDER BY q.quarantine_id DESC
LIMIT %(limit)s
