-- The files whose roads make up the network today.
-- Params: none. Returns: one row a file, in the order in which their roads are read. Index: primary keys.
-- A file that is not wholly read (completed_at NULL) does not count.
SELECT s.source_id, s.file_id, s.join_policy, s.snap_m::double precision, f.sha256, f.settings_sha256,
       o.is_synthetic
FROM raw.road_set AS s
JOIN raw.ingest_file AS f USING (file_id)
JOIN raw.source AS o ON o.source_id = s.source_id
WHERE f.completed_at IS NOT NULL
ORDER BY s.source_id, s.file_id
