-- Decide a dispute, with its line in the audit log; earlier decisions stay, the newest holds.
-- Params: dispute_id, decision, reason, decided_at, key_id (NULL: a command), decided_by, actor (NULL: a key did it).
-- Returns the id of the decision; no row: there is no such dispute. Indexes: primary keys.
WITH decided AS (
  INSERT INTO app.dispute_decision (dispute_id, decision, reason, decided_at, key_id, decided_by)
  SELECT d.dispute_id, %(decision)s, %(reason)s, %(decided_at)s, %(key_id)s::bigint, %(decided_by)s
  FROM app.dispute AS d WHERE d.dispute_id = %(dispute_id)s
  RETURNING decision_id, dispute_id, decision, reason
), written AS (
  INSERT INTO app.audit (key_id, action, detail, actor)
  SELECT %(key_id)s::bigint, 'dispute_decided',
         jsonb_build_object('dispute_id', dispute_id, 'decision', decision, 'reason', reason), %(actor)s::text
  FROM decided
)
SELECT decision_id FROM decided
