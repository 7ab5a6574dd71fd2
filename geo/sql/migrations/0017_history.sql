-- History: events by hand and by order, what late data changed, and what facts beside the database may rest on.

-- An event is corrected by a new row that names the one it takes the place of, whose superseded_at is set.
ALTER TABLE ops.event
  -- NULL: the first word of the event
  ADD COLUMN amends_event_id bigint REFERENCES ops.event,
  -- when the end became known; NULL while open, and where it was known from the first
  ADD COLUMN closed_recorded_at timestamptz,
  -- whom a callout called out: a manager, an office, a work section; NULL: everybody
  ADD COLUMN area_kind text CHECK (area_kind IN ('manager', 'office', 'section')),
  ADD COLUMN area text,
  -- snow depth that the callout names; NULL: none
  ADD COLUMN depth_cm real CHECK (depth_cm >= 0),
  -- source and id of an imported callout, and a digest of what was imported; NULL: entered otherwise
  ADD COLUMN callout_key text,
  ADD COLUMN callout_digest text,
  ADD CHECK ((area_kind IS NULL) = (area IS NULL)),
  ADD CHECK (closed_recorded_at IS NULL OR closed_at IS NOT NULL);
GRANT UPDATE (closed_recorded_at) ON ops.event TO yuki_engine;
CREATE INDEX event_amends ON ops.event (amends_event_id) WHERE amends_event_id IS NOT NULL;
CREATE UNIQUE INDEX event_callout ON ops.event (callout_key) WHERE superseded_at IS NULL AND callout_key IS NOT NULL;
ALTER TABLE raw.ingest_file DROP CONSTRAINT ingest_file_kind_check;
ALTER TABLE raw.ingest_file ADD CONSTRAINT ingest_file_kind_check
  CHECK (kind IN ('roads', 'routes', 'sections', 'assignments', 'plans', 'kmposts', 'depots', 'areas', 'layer', 'fixes',
                  'vehicles', 'stations', 'weather', 'callouts'));

-- 履歴の再計算: facts of a past that had been told already changed. One row a transaction that did it.
CREATE TABLE ops.amendment (
  amendment_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- late_data: fixes or lines came in late; network: matched again on another network; closed_trace:
  -- an open trace closed and was matched as a whole; correction: worked out again by another matcher
  cause text NOT NULL CHECK (cause IN ('late_data', 'network', 'closed_trace', 'correction')),
  -- storms and callouts that the span touches, oldest first; empty: the standing watch alone
  event_ids bigint[] NOT NULL,
  -- from the first begin to the last end of what changed, both ends inclusive
  during tstzrange NOT NULL,
  n_edges integer NOT NULL,
  n_passes_written integer NOT NULL,
  n_passes_superseded integer NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX amendment_during ON ops.amendment USING gist (during);
CREATE INDEX amendment_recorded ON ops.amendment (recorded_at);
GRANT SELECT, INSERT ON ops.amendment TO yuki_engine;
GRANT SELECT ON ops.amendment TO yuki_publish, yuki_score;
GRANT USAGE ON SEQUENCE ops.amendment_amendment_id_seq TO yuki_engine;

-- What a copy of facts beside the database rests on. database_key: another database, or a restored one, has another key.
-- settled_before: every row of facts recorded earlier, and every superseded_at earlier, is committed or never will be;
-- recorded_at is the begin of a transaction, so it is the begin of the oldest one that is open. A minute is taken off
-- for what the begin of a transaction and its report are apart. -infinity where the owner may not see all transactions.
CREATE FUNCTION ops.settled(OUT database_key text, OUT settled_before timestamptz)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())::text || ' '
           || (SELECT min(m.applied_at) FROM public.yuki_migration AS m)::text,
         (SELECT CASE WHEN bool_or(a.query = '<insufficient privilege>') THEN '-infinity'
                      ELSE least(clock_timestamp(), min(a.xact_start)) - interval '1 minute' END
          FROM pg_stat_activity AS a
          WHERE a.datname = current_database() AND a.backend_type IS NOT DISTINCT FROM 'client backend'
             OR a.datname = current_database() AND a.query = '<insufficient privilege>')
$$;
REVOKE ALL ON FUNCTION ops.settled() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.settled() TO yuki_engine;
