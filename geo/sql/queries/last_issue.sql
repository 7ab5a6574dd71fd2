-- The newest issue of a report.
-- Params: day, contractor, vehicle, event_id (NULL: not narrowed), known_at ('infinity': now). Returns issue_no, sha256,
-- figures, recorded_at; no row: it was never handed out. Index: the unique one.
SELECT issue_no, sha256, figures, recorded_at FROM ops.report_issue
WHERE day = %(day)s AND contractor IS NOT DISTINCT FROM %(contractor)s AND vehicle IS NOT DISTINCT FROM %(vehicle)s
  AND event_id IS NOT DISTINCT FROM %(event_id)s AND recorded_at <= %(known_at)s::timestamptz
ORDER BY issue_no DESC LIMIT 1
