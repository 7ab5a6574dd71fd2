-- Delete what retention does not keep: photos before, disputes with everything of theirs after it, hours of accuracy.
-- Params: photos_before, disputes_before, hours_before. Returns one row (n_photos, n_disputes, n_hours); photos of a
-- deleted dispute go with it and are not counted. Indexes: dispute_received, primary keys.
WITH gone AS (
  DELETE FROM app.dispute WHERE received_at < %(disputes_before)s RETURNING dispute_id
), photo AS (
  DELETE FROM app.dispute_photo AS p USING app.dispute AS d
  WHERE d.dispute_id = p.dispute_id AND d.received_at < %(photos_before)s AND d.received_at >= %(disputes_before)s
  RETURNING p.dispute_id
), hour AS (
  DELETE FROM app.accuracy_hour WHERE at < %(hours_before)s RETURNING at
)
SELECT (SELECT count(*) FROM photo) AS n_photos, (SELECT count(*) FROM gone) AS n_disputes,
       (SELECT count(*) FROM hour) AS n_hours
