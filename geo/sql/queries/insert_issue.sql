-- A new issue of a report. Params: day, contractor, vehicle, event_id (NULL: not narrowed), issue_no, sha256, figures
-- (jsonb), author. Returns recorded_at.
INSERT INTO ops.report_issue (day, contractor, vehicle, event_id, issue_no, sha256, figures, author)
VALUES (%(day)s, %(contractor)s, %(vehicle)s, %(event_id)s, %(issue_no)s, %(sha256)s, %(figures)s, %(author)s)
RETURNING recorded_at
