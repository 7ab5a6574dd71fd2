-- Make a file the one that stands for the register of a source; nothing is written where it does so already.
-- params: source_id, file_id. returns: a row if something changed. index: vehicle_register_set_pkey.
INSERT INTO raw.vehicle_register_set AS s (source_id, file_id)
VALUES (%(source_id)s, %(file_id)s)
ON CONFLICT (source_id) DO UPDATE SET file_id = excluded.file_id, recorded_at = now()
WHERE s.file_id IS DISTINCT FROM excluded.file_id
RETURNING file_id
