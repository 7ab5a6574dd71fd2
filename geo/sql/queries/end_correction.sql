-- End a correction: a new row that names it, and its own superseded_at.
-- Params: correction_id, author, reason. Returns correction_id of the new row; no row: there is no such correction, or it
-- has ended. Index: primary key.
WITH ended AS (
  UPDATE ops.work_correction SET superseded_at = now()
  WHERE correction_id = %(correction_id)s AND ends IS NULL AND superseded_at IS NULL
  RETURNING *
)
INSERT INTO ops.work_correction (vehicle_id, during, kind, treatment, author, reason, ends)
SELECT vehicle_id, during, kind, treatment, %(author)s, %(reason)s, correction_id FROM ended
RETURNING correction_id
