-- Say, as the last statement of a transaction, that it wrote a batch. The lock is held until the commit, so positions
-- are given in the order of commits; whoever listens to yuki_batches hears of it after the commit.
-- params: batch_id, kind, n, first_at, last_at. returns: one row. 7902113 is the class of this lock and used nowhere else.
WITH locked AS MATERIALIZED (
  SELECT pg_advisory_xact_lock(7902113, 0)
), written AS (
  INSERT INTO raw.batch (batch_id, kind, n, first_at, last_at)
  SELECT %(batch_id)s, %(kind)s, %(n)s, %(first_at)s, %(last_at)s FROM locked
  RETURNING position
)
SELECT pg_notify('yuki_batches', position::text) FROM written
