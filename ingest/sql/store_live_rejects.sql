-- Keep rejected rows that did not come in a file, unless the same row was kept before: clients repeat whole requests.
-- params: source_id, kind, lines, items (NULL: none), reasons, details, payloads (arrays of one length, payloads as JSON
-- text). returns: nothing. index: quarantine_live.
INSERT INTO raw.quarantine (source_id, kind, line, item, reason, detail, payload)
SELECT %(source_id)s, %(kind)s, r.line, r.item, r.reason, r.detail, r.payload::jsonb
FROM unnest(%(lines)s::bigint[], %(items)s::bigint[], %(reasons)s::text[], %(details)s::text[], %(payloads)s::text[])
  AS r (line, item, reason, detail, payload)
WHERE NOT EXISTS (
  SELECT FROM raw.quarantine AS q
  WHERE q.source_id = %(source_id)s AND q.file_id IS NULL AND md5(q.payload::text) = md5(r.payload::jsonb::text)
    AND q.reason = r.reason
)
