-- The plan files that stand today, for the key by which an unchanged plan is known. Callouts are laid on no road; places,
-- the priority network and buses are laid by themselves.
-- Params: none. Returns: one row a file, in a fixed order. Index: primary keys.
-- A file that is not wholly read (completed_at NULL) does not count.
SELECT s.source_id, s.kind, s.layer, s.file_id, f.sha256, f.settings_sha256, o.is_synthetic
FROM raw.plan_set AS s
JOIN raw.ingest_file AS f USING (file_id)
JOIN raw.source AS o ON o.source_id = s.source_id
WHERE f.completed_at IS NOT NULL AND s.kind <> ALL (ARRAY['callouts', 'places', 'cameras', 'priority_network', 'bus_feed', 'bus_stops', 'bus_routes',
                      'bus_patterns'])
ORDER BY s.kind, s.source_id, s.layer
