-- ops: facts. Written by yuki_engine. Fact tables are append-only: a fact is never changed or deleted, only its
-- superseded_at is set (the GRANTs of 0007 allow no more). "As known at T" is recorded_at <= T < superseded_at.

CREATE TABLE ops.event (
  event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('storm', 'callout', 'standing')),
  name text NOT NULL,
  -- passes before this moment do not count for the event
  reference_at timestamptz NOT NULL,
  -- NULL: open
  closed_at timestamptz,
  is_synthetic boolean NOT NULL DEFAULT false,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  superseded_at timestamptz,
  CHECK (closed_at > reference_at)
);
-- The standing watch, which holds while no storm or callout is open.
INSERT INTO ops.event (kind, name, reference_at) VALUES ('standing', '常時監視', '1970-01-01T00:00:00Z');

-- Which machine and contractor works where and when. vehicle_id NULL: the machine has no device.
CREATE TABLE ops.assignment (
  assignment_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  route_id text,
  section_id text,
  contractor text NOT NULL,
  machine text NOT NULL,
  vehicle_id integer,
  during tstzrange NOT NULL,
  is_synthetic boolean NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  superseded_at timestamptz,
  CHECK (route_id IS NOT NULL OR section_id IS NOT NULL)
);
CREATE TABLE ops.planned_pass (
  planned_pass_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  route_id text,
  section_id text,
  treatment text,
  during tstzrange NOT NULL,
  is_synthetic boolean NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  superseded_at timestamptz
);

-- 走行軌跡. A trace keeps its id while it grows or is amended: the newer row supersedes the older one of the same id, and
-- the passes that did not change stay. So the id alone is unique only among the rows that hold now.
CREATE TABLE ops.trace (
  trace_id bigint NOT NULL,
  vehicle_id integer NOT NULL,
  during tstzrange NOT NULL,
  n_fixes integer NOT NULL,
  n_dropped integer NOT NULL,
  n_unmatched integer NOT NULL,
  n_breaks integer NOT NULL,
  -- of the fixes; the same fixes under the same matcher and network are not matched again
  content_key bytea NOT NULL,
  matcher_version text NOT NULL,
  network_version integer NOT NULL REFERENCES net.version,
  is_provisional boolean NOT NULL,
  is_synthetic boolean NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  superseded_at timestamptz
);
CREATE UNIQUE INDEX trace_now ON ops.trace (trace_id) WHERE superseded_at IS NULL;
CREATE INDEX trace_open ON ops.trace (vehicle_id) WHERE superseded_at IS NULL AND is_provisional;
CREATE INDEX trace_vehicle ON ops.trace USING gist (vehicle_id, during) WHERE superseded_at IS NULL;
CREATE SEQUENCE ops.trace_id_seq AS bigint;

-- The fact of the house: an interval of a carriageway driven, with its work state. kind: pass 作業走行, deadhead 回送,
-- unknown (nobody can tell). from_m < to_m along digitising whatever the direction. The fixes behind it are those of
-- vehicle_id in [first_fix_at, last_fix_at]; n_fixes is 0 for an inferred interval between two matched ones.
CREATE TABLE ops.pass (
  pass_id bigint GENERATED ALWAYS AS IDENTITY,
  trace_id bigint NOT NULL,
  seq integer NOT NULL,
  vehicle_id integer NOT NULL,
  edge_id bigint NOT NULL,
  from_m double precision NOT NULL,
  to_m double precision NOT NULL,
  during tstzrange NOT NULL,
  kind text NOT NULL CHECK (kind IN ('pass', 'deadhead', 'unknown')),
  status text NOT NULL CHECK (status IN ('matched', 'inferred')),
  treatment text CHECK (treatment IN ('fresh_snow_plowing', 'surface_grading', 'compacted_snow_removal', 'widening',
                                      'haulage', 'anti_icing', 'abrasive_spreading', 'sidewalk_clearing')),
  work_basis text NOT NULL CHECK (work_basis IN ('sensed', 'declared', 'assumed', 'unknown')),
  confidence real NOT NULL CHECK (confidence BETWEEN 0 AND 1),
  first_fix_at timestamptz NOT NULL,
  last_fix_at timestamptz NOT NULL,
  n_fixes integer NOT NULL,
  matcher_version text NOT NULL,
  network_version integer NOT NULL REFERENCES net.version,
  is_provisional boolean NOT NULL,
  is_synthetic boolean NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  superseded_at timestamptz,
  PRIMARY KEY (pass_id),
  CHECK (from_m < to_m AND from_m >= 0),
  CHECK (NOT (kind = 'pass' AND work_basis = 'unknown'))
);
CREATE INDEX pass_edge ON ops.pass (edge_id) WHERE superseded_at IS NULL;
CREATE INDEX pass_trace ON ops.pass (trace_id);
-- What publishing every few seconds needs: the facts that are new or superseded since the last time.
CREATE INDEX pass_recorded ON ops.pass USING brin (recorded_at);
CREATE INDEX pass_superseded ON ops.pass (superseded_at) WHERE superseded_at IS NOT NULL;
CREATE INDEX pass_during ON ops.pass USING gist (during);

-- Stretches that no edge explains, so that nothing of a trace is lost and 不明 can say `unmatched`.
CREATE TABLE ops.unmatched (
  trace_id bigint NOT NULL,
  vehicle_id integer NOT NULL,
  during tstzrange NOT NULL,
  n_fixes integer NOT NULL,
  reason text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  superseded_at timestamptz,
  geom geometry(Geometry, 4326) NOT NULL
);
CREATE INDEX unmatched_trace ON ops.unmatched (trace_id) WHERE superseded_at IS NULL;

-- Coverage of an edge in an event: the union of its clearing passes since reference_at.
CREATE TABLE ops.coverage (
  event_id bigint NOT NULL REFERENCES ops.event,
  edge_id bigint NOT NULL,
  -- metres along digitising, disjoint, ascending
  covered nummultirange NOT NULL,
  covered_fraction real NOT NULL CHECK (covered_fraction BETWEEN 0 AND 1),
  network_version integer NOT NULL REFERENCES net.version,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  superseded_at timestamptz
);
CREATE INDEX coverage_now ON ops.coverage (event_id, edge_id) WHERE superseded_at IS NULL;

-- State of a carriageway, one current row an edge. Times are stored, ages never. An edge without a row is unknown by
-- default_reason of its event's cover run (ops.cover_run), so that 60,000 quiet streets need no rows.
CREATE TABLE ops.edge_status (
  event_id bigint NOT NULL REFERENCES ops.event,
  edge_id bigint NOT NULL,
  state text NOT NULL CHECK (state IN ('cleared', 'clearing', 'uncleared', 'unknown')),
  reason text NOT NULL CHECK (reason IN ('none', 'no_event', 'not_on_plan', 'no_device', 'silent', 'unmatched',
                                         'expired', 'work_unknown', 'low_confidence')),
  -- end of the oldest clearing that the state rests on; NULL unless cleared, or expired after having been
  cleared_at timestamptz,
  -- from here on a client shows unknown/expired by itself; NULL: no such moment
  valid_until timestamptz,
  -- last evidence of any kind on the edge
  observed_at timestamptz,
  covered_fraction real NOT NULL CHECK (covered_fraction BETWEEN 0 AND 1),
  treatment text,
  work_basis text NOT NULL CHECK (work_basis IN ('sensed', 'declared', 'assumed', 'unknown')),
  confidence real NOT NULL CHECK (confidence BETWEEN 0 AND 1),
  source text,
  -- cell of the snow series; NULL: no series
  snow_cell integer,
  snow_at_clearing_cm real,
  network_version integer NOT NULL REFERENCES net.version,
  is_synthetic boolean NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  superseded_at timestamptz,
  CHECK (state <> 'unknown' OR reason <> 'none'),
  CHECK (state <> 'cleared' OR (cleared_at IS NOT NULL AND valid_until IS NOT NULL AND work_basis <> 'unknown'))
);
CREATE UNIQUE INDEX edge_status_now ON ops.edge_status (edge_id) WHERE superseded_at IS NULL;

-- Each run of the cover stage: the event and the moment that the current edge_status rows describe.
CREATE TABLE ops.cover_run (
  cover_run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  event_id bigint NOT NULL REFERENCES ops.event,
  as_of timestamptz NOT NULL,
  n_changed integer NOT NULL,
  network_version integer NOT NULL REFERENCES net.version,
  recorded_at timestamptz NOT NULL DEFAULT now()
);

-- Last word of each device; derived from raw.fix, replaced in place (it is a cache, not a fact).
CREATE TABLE ops.vehicle_state (
  vehicle_id integer PRIMARY KEY,
  -- names of the device as its source gives them; NULL: not known. layers may not read raw
  source text,
  vehicle text,
  last_fix_at timestamptz NOT NULL,
  lon double precision NOT NULL,
  lat double precision NOT NULL,
  heading_deg real,
  is_working boolean,
  treatment text,
  -- first fix of the present shift; with a secret it makes the public id that rotates per shift
  shift_started_at timestamptz NOT NULL,
  shift_start_lon double precision NOT NULL,
  shift_start_lat double precision NOT NULL,
  is_shift_over boolean NOT NULL,
  edge_id bigint,
  is_synthetic boolean NOT NULL
);

-- How far each stage has come.
CREATE TABLE ops.watermark (
  stage text PRIMARY KEY,
  received_at timestamptz,
  detail jsonb NOT NULL DEFAULT '{}'
);

-- Fresh tables have no statistics, and plans made without them go wrong by orders of magnitude. Only an owner may
-- analyse, so yuki_engine calls this after it has written much.
CREATE FUNCTION ops.refresh_statistics() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  ANALYZE net.piece, net.plan_edge, net.reference, ops.trace, ops.pass, ops.coverage, ops.edge_status;
END $$;
REVOKE ALL ON FUNCTION ops.refresh_statistics() FROM PUBLIC;
