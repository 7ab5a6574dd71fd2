-- The addresses of pictures in the registers of cameras that stand today. They are told to nobody.
-- Params: none. Returns (source, external_id, link, interval_s). Index: primary key of raw.plan.
SELECT o.name, p.external_id, p.attributes ->> 'link' AS link, (p.attributes ->> 'interval_s')::integer AS interval_s
FROM raw.plan_set AS s
JOIN raw.ingest_file AS f USING (file_id)
JOIN raw.source AS o ON o.source_id = s.source_id
JOIN raw.plan AS p ON p.file_id = s.file_id AND p.kind = s.kind AND p.layer = s.layer
WHERE s.kind = 'cameras' AND f.completed_at IS NOT NULL
ORDER BY s.source_id, p.item
