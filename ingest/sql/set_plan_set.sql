-- Make a file the one that stands for (source, kind, layer); nothing is written where it does so already.
-- params: source_id, kind, layer, file_id. returns: a row if something changed. index: plan_set_pkey.
INSERT INTO raw.plan_set AS s (source_id, kind, layer, file_id)
VALUES (%(source_id)s, %(kind)s, %(layer)s, %(file_id)s)
ON CONFLICT (source_id, kind, layer) DO UPDATE SET file_id = excluded.file_id, recorded_at = now()
WHERE s.file_id IS DISTINCT FROM excluded.file_id
RETURNING file_id
