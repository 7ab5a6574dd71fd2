-- Health of devices, and what the service says of itself.

-- Whether each device is well; a cache like ops.vehicle_state, replaced in place where it changed. Half of each page is
-- left free, so that a new row lies beside the old one.
CREATE TABLE ops.device_health (
  vehicle_id integer PRIMARY KEY,
  -- names of the device as its source gives them: layers may not read raw
  source text NOT NULL,
  vehicle text NOT NULL,
  -- of its last fix or ready line; NULL: never heard
  last_fix_at timestamptz,
  -- when a fix came in last; NULL: none ever did
  last_received_at timestamptz,
  -- between two fixes: as agreed with the source (NULL: nothing is), as measured on the move (NULL: too few yet)
  agreed_cadence_s real,
  cadence_s real,
  -- how far its clock is behind ours, negative: ahead; NULL: too few live uploads yet
  clock_skew_s real,
  -- without a fix for longer it is overdue; NULL: never heard
  overdue_s real,
  reasons text[] NOT NULL CHECK (reasons <@ ARRAY['never_heard', 'silent', 'overdue', 'slow_cadence', 'gaps',
    'late_upload', 'clock_ahead', 'clock_behind', 'wrong_zone', 'frozen_position', 'jumping', 'poor_accuracy']),
  -- the same in words, for people
  reasons_ja text NOT NULL,
  -- its machine is assigned now, and a storm or a callout is open
  is_called_out boolean NOT NULL,
  is_synthetic boolean NOT NULL,
  -- what geo.devices remembers of it, in the layout of that version
  memory bytea NOT NULL,
  memory_version smallint NOT NULL,
  recorded_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- 生存通知: what each worker says of itself every few seconds; its row is replaced in place.
CREATE TABLE ops.worker_beat (
  worker text PRIMARY KEY,
  started_at timestamptz NOT NULL,
  beat_at timestamptz NOT NULL,
  -- since started_at
  n_rounds bigint NOT NULL,
  n_fixes bigint NOT NULL,
  n_failures bigint NOT NULL,
  -- of the last round, from its begin to its publication
  round_s real NOT NULL
) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.device_health, ops.worker_beat TO yuki_engine;
GRANT SELECT ON ops.device_health, ops.worker_beat TO yuki_publish, yuki_score;

-- What was rejected lately is asked for every time somebody looks at the service.
CREATE INDEX quarantine_recorded ON raw.quarantine USING brin (recorded_at);

-- Devices as a manager sees them, now with their health, and those that were never heard: no last fix and no place.
DELETE FROM mgr.devices;
ALTER TABLE mgr.devices
  ALTER COLUMN last_fix_at DROP NOT NULL,
  ALTER COLUMN geom DROP NOT NULL,
  -- NULL as in ops.device_health, or its health is not known yet
  ADD COLUMN last_received_at timestamptz,
  ADD COLUMN agreed_cadence_s real,
  ADD COLUMN cadence_s real,
  ADD COLUMN clock_skew_s real,
  -- words of the closed list with a comma between them; empty: it is well
  ADD COLUMN reasons text NOT NULL,
  ADD COLUMN reasons_ja text NOT NULL,
  ADD COLUMN is_sick boolean NOT NULL,
  ADD COLUMN is_called_out boolean;

-- A plough that is not heard is shown as silent from overdue_at on, and no more after shown_until.
DELETE FROM pub.ploughs;
ALTER TABLE pub.ploughs
  ADD COLUMN overdue_at timestamptz NOT NULL,
  ADD COLUMN shown_until timestamptz NOT NULL;

-- Figures for monitoring. The web process reads neither raw nor ops; it calls this as yuki_app and gets numbers by
-- stage, worker, state and reason, none by vehicle.
CREATE FUNCTION app.figures() RETURNS TABLE (name text, label text, value double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- stages that read batches; each kind of batch has its own
  WITH behind AS (
    SELECT w.stage, count(b.position) AS n, min(b.received_at) AS since
    FROM ops.watermark AS w
    LEFT JOIN raw.batch AS b
      ON b.position > w.position AND b.kind = CASE WHEN w.stage LIKE '%lines%' THEN 'lines' ELSE 'fixes' END
    WHERE w.stage LIKE 'match%'
    GROUP BY w.stage
  )
  SELECT 'batches_waiting', stage, n::double precision FROM behind
  UNION ALL
  SELECT 'lag_s', stage, coalesce(extract(epoch FROM now() - since), 0)::double precision FROM behind
  UNION ALL
  SELECT 'newest_batch_age_s', '', extract(epoch FROM now() - received_at)::double precision
  FROM (SELECT received_at FROM raw.batch ORDER BY position DESC LIMIT 1) AS newest
  UNION ALL
  SELECT 'published_age_s', '', extract(epoch FROM now() - published_at)::double precision FROM pub.dataset
  UNION ALL
  SELECT 'edges', state, count(*)::double precision FROM pub.edge_status GROUP BY state
  UNION ALL
  SELECT 'ploughs', '', count(*)::double precision FROM pub.ploughs
  UNION ALL
  SELECT 'devices', '', count(*)::double precision FROM ops.device_health
  UNION ALL
  SELECT 'sick_devices', reason, count(*)::double precision FROM ops.device_health, unnest(reasons) AS reason
  GROUP BY reason
  UNION ALL
  SELECT f.name, b.worker, f.value
  FROM ops.worker_beat AS b
  CROSS JOIN LATERAL (VALUES
    ('beat_age_s', extract(epoch FROM now() - b.beat_at)::double precision),
    ('round_s', b.round_s::double precision),
    ('rounds', b.n_rounds::double precision),
    ('matched_fixes', b.n_fixes::double precision),
    ('failures', b.n_failures::double precision)
  ) AS f (name, value)
$$;
REVOKE ALL ON FUNCTION app.figures() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.figures() TO yuki_app;

-- What readiness rests on: the migrations that this database has, and the age of the oldest worker's beat.
-- beat_age_s NULL: no worker has ever run.
CREATE FUNCTION app.readiness() RETURNS TABLE (migrations text[], beat_age_s double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT (SELECT array_agg(m.name ORDER BY m.name) FROM public.yuki_migration AS m),
         (SELECT extract(epoch FROM now() - min(b.beat_at))::double precision FROM ops.worker_beat AS b)
$$;
REVOKE ALL ON FUNCTION app.readiness() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.readiness() TO yuki_app;
