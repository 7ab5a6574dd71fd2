-- The files that stand today of some kinds, for the key by which an unchanged delivery is known.
-- Params: kinds text[]. Returns: one row a file, in a fixed order. Index: primary keys.
-- A file that is not wholly read (completed_at NULL) does not count.
SELECT o.name, s.kind, s.layer, f.sha256, f.settings_sha256, o.is_synthetic
FROM raw.plan_set AS s
JOIN raw.ingest_file AS f USING (file_id)
JOIN raw.source AS o ON o.source_id = s.source_id
WHERE f.completed_at IS NOT NULL AND s.kind = ANY (%(kinds)s)
ORDER BY o.name, s.kind, s.layer
