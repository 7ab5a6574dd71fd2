-- Features of one kind that stand today, with the name of their source: places, cameras, the priority network, buses.
-- Params: kind text. Returns: rows in the order of source, layer and item. Index: primary key of raw.plan.
-- NULL geometry: the feature has none.
SELECT o.name, p.layer, p.external_id, p.attributes, ST_AsBinary(p.geom) AS wkb,
       o.is_synthetic OR coalesce((p.attributes ->> 'synthetic')::boolean, false) AS is_synthetic
FROM raw.plan_set AS s
JOIN raw.ingest_file AS f USING (file_id)
JOIN raw.source AS o ON o.source_id = s.source_id
JOIN raw.plan AS p ON p.file_id = s.file_id AND p.kind = s.kind AND p.layer = s.layer
WHERE s.kind = %(kind)s AND f.completed_at IS NOT NULL
ORDER BY s.source_id, s.layer, p.item
