-- What workers said last. Params: none. Returns worker, started_at, beat_at, n_rounds, n_fixes, n_failures, round_s.
-- Index: none, a row a worker.
SELECT worker, started_at, beat_at, n_rounds, n_fixes, n_failures, round_s FROM ops.worker_beat ORDER BY worker
