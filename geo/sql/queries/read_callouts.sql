-- Callouts as delivered, in the order of their files, so that the last word on one comes last.
-- Params: none. Returns source name, attributes, is_synthetic; a name that is only the number of the row is left out. Index: primary key of raw.plan by file.
-- A file that is not wholly read (completed_at NULL) does not count.
SELECT o.name, CASE WHEN p.attributes ->> 'name' = p.external_id THEN p.attributes - 'name' ELSE p.attributes END,
       o.is_synthetic
FROM raw.plan AS p
JOIN raw.ingest_file AS f USING (file_id)
JOIN raw.source AS o ON o.source_id = f.source_id
WHERE p.kind = 'callouts' AND f.completed_at IS NOT NULL
ORDER BY f.completed_at, f.file_id, p.item
