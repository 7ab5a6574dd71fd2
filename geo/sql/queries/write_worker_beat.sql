-- A worker says that it is alive; rows of workers that were not heard for a day go.
-- Params: worker, started_at, beat_at, n_rounds, n_fixes, n_failures, round_s. Returns nothing. Index: primary key.
WITH gone AS (
  DELETE FROM ops.worker_beat
  WHERE worker <> %(worker)s AND beat_at < %(beat_at)s::timestamptz - interval '1 day'
)
INSERT INTO ops.worker_beat (worker, started_at, beat_at, n_rounds, n_fixes, n_failures, round_s)
VALUES (%(worker)s, %(started_at)s, %(beat_at)s, %(n_rounds)s, %(n_fixes)s, %(n_failures)s, %(round_s)s)
ON CONFLICT (worker) DO UPDATE SET
  started_at = excluded.started_at, beat_at = excluded.beat_at, n_rounds = excluded.n_rounds,
  n_fixes = excluded.n_fixes, n_failures = excluded.n_failures, round_s = excluded.round_s
