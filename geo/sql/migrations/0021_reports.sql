-- Daily reports 作業日報, their corrections and issues, and what work is paid.

-- 単価表: a price table as delivered, whole; the newest of each name stands, the former ones stay readable.
CREATE TABLE raw.price_table (
  price_table_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  file_name text NOT NULL,
  sha256 bytea NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX price_table_name ON raw.price_table (name, price_table_id);
-- A line of it. NULL in contractor, machine_class, treatment, band and day_kind: any of them.
CREATE TABLE raw.price (
  price_table_id integer NOT NULL REFERENCES raw.price_table ON DELETE CASCADE,
  item integer NOT NULL,
  contractor text,
  machine_class text,
  -- a treatment, or deadhead
  treatment text CHECK (treatment IN ('fresh_snow_plowing', 'surface_grading', 'compacted_snow_removal', 'widening',
                                      'haulage', 'anti_icing', 'abrasive_spreading', 'sidewalk_clearing', 'deadhead')),
  -- hour band as config.yml cuts the day, e.g. 22-05
  band text,
  day_kind text CHECK (day_kind IN ('weekday', 'saturday', 'holiday')),
  yen_per_hour numeric NOT NULL CHECK (yen_per_hour >= 0),
  -- first and last local day on which it holds; NULL: without that end
  valid_from date,
  valid_to date,
  PRIMARY KEY (price_table_id, item),
  CHECK (valid_from <= valid_to)
);

-- 作業訂正: what a person says that a vehicle did in a span of time; facts stay as they are. Append-only: to end one is a new
-- row that names it in `ends`, with an author and a reason of its own.
CREATE TABLE ops.work_correction (
  correction_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  vehicle_id integer NOT NULL,
  -- lower end inclusive, upper end exclusive
  during tstzrange NOT NULL CHECK (NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during)),
  kind text NOT NULL CHECK (kind IN ('pass', 'deadhead')),
  treatment text CHECK (treatment IN ('fresh_snow_plowing', 'surface_grading', 'compacted_snow_removal', 'widening',
                                      'haulage', 'anti_icing', 'abrasive_spreading', 'sidewalk_clearing')),
  author text NOT NULL CHECK (author <> ''),
  reason text NOT NULL CHECK (reason <> ''),
  -- the correction that this row ends; NULL: it is one itself
  ends bigint REFERENCES ops.work_correction,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  superseded_at timestamptz,
  CHECK (kind = 'pass' OR treatment IS NULL)
);
CREATE UNIQUE INDEX work_correction_ends ON ops.work_correction (ends) WHERE ends IS NOT NULL;
CREATE INDEX work_correction_during ON ops.work_correction USING gist (during);

-- 発行: each different content with which a daily report was handed out. What it is of: a day, and the contractor, vehicle and
-- event that it was narrowed to (NULL: not narrowed).
CREATE TABLE ops.report_issue (
  issue_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  day date NOT NULL,
  contractor text,
  vehicle text,
  event_id bigint REFERENCES ops.event,
  -- counts from 1 for what it is of
  issue_no integer NOT NULL CHECK (issue_no >= 1),
  -- of the figures alone, not of the moment at which they were printed
  sha256 bytea NOT NULL CHECK (length(sha256) = 32),
  -- the figures by report, to tell the next issue what changed
  figures jsonb NOT NULL,
  author text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (day, contractor, vehicle, event_id, issue_no)
);

-- The daily reports of the last days, worked out from the facts; a cache, replaced in place where it changed.
CREATE TABLE ops.daily_report (
  report_id text PRIMARY KEY,
  day date NOT NULL,
  vehicle_id integer NOT NULL,
  -- figures of one row, by the names of the collection daily_reports
  totals jsonb NOT NULL,
  -- the whole report: trips, lines, pay, evidence, corrections
  detail jsonb NOT NULL,
  content_key bytea NOT NULL,
  is_synthetic boolean NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  -- roads worked on; NULL: none
  geom geometry(MultiLineString, 4326)
);
CREATE INDEX daily_report_vehicle ON ops.daily_report (vehicle_id, day);

CREATE TABLE mgr.daily_reports (
  report_id text PRIMARY KEY,
  -- local day, as text, since it is no moment
  day text NOT NULL,
  vehicle_id integer NOT NULL,
  source text NOT NULL,
  vehicle text NOT NULL,
  machine text,
  machine_class text,
  -- who is paid; NULL: nobody is known
  contractor text,
  contractor_basis text NOT NULL CHECK (contractor_basis IN ('assignment', 'register', 'source', 'none')),
  started_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL,
  n_trips integer NOT NULL,
  work_s double precision NOT NULL,
  flagged_s double precision NOT NULL,
  deadhead_s double precision NOT NULL,
  unknown_s double precision NOT NULL,
  standing_s double precision NOT NULL,
  work_m double precision NOT NULL,
  deadhead_m double precision NOT NULL,
  unknown_m double precision NOT NULL,
  untimed_m double precision NOT NULL,
  -- of the lines that have a price; NULL: none has
  amount_yen bigint,
  flagged_yen bigint,
  n_unpriced integer NOT NULL,
  n_corrections integer NOT NULL,
  n_facts integer NOT NULL,
  first_fix_at timestamptz NOT NULL,
  last_fix_at timestamptz NOT NULL,
  is_provisional boolean NOT NULL,
  is_evidence_expired boolean NOT NULL,
  synthetic boolean NOT NULL,
  detail jsonb NOT NULL,
  content_key bytea NOT NULL,
  geom geometry(MultiLineString, 4326)
);
CREATE INDEX daily_reports_day ON mgr.daily_reports (day);
CREATE INDEX daily_reports_contractor ON mgr.daily_reports (contractor, day);

GRANT SELECT, INSERT, UPDATE, DELETE ON raw.price_table, raw.price TO yuki_ingest;
GRANT SELECT ON raw.price_table, raw.price TO yuki_engine, yuki_score;
GRANT SELECT, INSERT ON ops.work_correction, ops.report_issue TO yuki_engine;
GRANT UPDATE (superseded_at) ON ops.work_correction TO yuki_engine;
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.daily_report TO yuki_engine;
GRANT SELECT ON ops.work_correction, ops.report_issue, ops.daily_report TO yuki_publish, yuki_score;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON mgr.daily_reports TO yuki_publish;
GRANT SELECT ON mgr.daily_reports TO yuki_manager;
