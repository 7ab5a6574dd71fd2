-- Take up a file: a new row, or the one that the same bytes under the same settings got before.
-- params: source_id, kind, file_name, sha256, settings_sha256.
-- returns: file_id, completed_at (NULL: new, or started and not finished), n_read, n_accepted, n_repeated,
-- n_quarantined, report. index: ingest_file_source_id_kind_sha256_settings_sha256_key.
WITH written AS (
  INSERT INTO raw.ingest_file (source_id, kind, file_name, sha256, settings_sha256)
  VALUES (%(source_id)s, %(kind)s, %(file_name)s, %(sha256)s, %(settings_sha256)s)
  ON CONFLICT (source_id, kind, sha256, settings_sha256) DO NOTHING
  RETURNING file_id, completed_at, n_read, n_accepted, n_repeated, n_quarantined, report
)
SELECT * FROM written
UNION ALL
SELECT file_id, completed_at, n_read, n_accepted, n_repeated, n_quarantined, report
FROM raw.ingest_file
WHERE source_id = %(source_id)s AND kind = %(kind)s AND sha256 = %(sha256)s
  AND settings_sha256 = %(settings_sha256)s
LIMIT 1
