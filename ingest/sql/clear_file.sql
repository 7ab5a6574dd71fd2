-- Forget what an unfinished attempt left in raw.quarantine, before it is done again.
-- params: file_id. index: quarantine_file.
DELETE FROM raw.quarantine WHERE file_id = %(file_id)s
