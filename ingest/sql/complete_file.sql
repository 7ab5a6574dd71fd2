-- A file was taken in whole.
-- params: file_id, n_read, n_accepted, n_repeated, n_quarantined, report (jsonb). index: ingest_file_pkey.
UPDATE raw.ingest_file
SET completed_at = now(), n_read = %(n_read)s, n_accepted = %(n_accepted)s, n_repeated = %(n_repeated)s,
    n_quarantined = %(n_quarantined)s, report = %(report)s
WHERE file_id = %(file_id)s
