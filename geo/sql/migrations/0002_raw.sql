-- raw: what came in, as it came in. Written by yuki_ingest, read by yuki_engine.

CREATE TABLE raw.source (
  source_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  kind text NOT NULL,
  -- the settings of the source in config.yml at its last use: mapping, zone, CRS
  settings jsonb NOT NULL DEFAULT '{}',
  -- how work is known when a fix itself does not say; NULL means that it is not known
  work_basis text CHECK (work_basis IN ('sensed', 'declared', 'assumed')),
  is_synthetic boolean NOT NULL DEFAULT false,
  recorded_at timestamptz NOT NULL DEFAULT now()
);

-- One row for each file taken in. (source, kind, sha256) makes the same file a repeat.
CREATE TABLE raw.ingest_file (
  file_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source_id integer NOT NULL REFERENCES raw.source,
  kind text NOT NULL CHECK (kind IN ('roads', 'routes', 'sections', 'assignments', 'plans', 'kmposts', 'depots',
                                     'areas', 'layer', 'fixes')),
  file_name text NOT NULL,
  sha256 bytea NOT NULL,
  -- settings that change what the same bytes mean (mapping, CRS, zone, policy), hashed
  settings_sha256 bytea NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  -- NULL: started and not finished; a rerun takes it up again
  completed_at timestamptz,
  n_read bigint NOT NULL DEFAULT 0,
  n_accepted bigint NOT NULL DEFAULT 0,
  n_repeated bigint NOT NULL DEFAULT 0,
  n_quarantined bigint NOT NULL DEFAULT 0,
  report jsonb NOT NULL DEFAULT '{}',
  UNIQUE (source_id, kind, sha256, settings_sha256)
);

-- 保留: rejected input with its reason, kept whole. line counts from 1 as an editor shows it; NULL where the format
-- has no lines, then item counts features or messages from 0.
CREATE TABLE raw.quarantine (
  quarantine_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  file_id bigint REFERENCES raw.ingest_file ON DELETE CASCADE,
  source_id integer NOT NULL REFERENCES raw.source,
  kind text NOT NULL,
  line bigint,
  item bigint,
  reason text NOT NULL,
  detail text NOT NULL,
  payload jsonb NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX quarantine_file ON raw.quarantine (file_id);

-- Road features as delivered, one row a part of a multi-geometry, longitude and latitude of WGS 84.
CREATE TABLE raw.road (
  file_id bigint NOT NULL REFERENCES raw.ingest_file ON DELETE CASCADE,
  item bigint NOT NULL,
  part integer NOT NULL DEFAULT 0,
  external_id text NOT NULL,
  name text,
  route text,
  manager text NOT NULL DEFAULT 'unknown',
  road_class text NOT NULL DEFAULT 'unknown',
  -- 0 both directions, 1 along digitising only, -1 against it only
  oneway smallint NOT NULL DEFAULT 0 CHECK (oneway IN (-1, 0, 1)),
  level smallint NOT NULL DEFAULT 0,
  lanes smallint,
  width_m real,
  speed_mps real,
  -- true: no motor vehicle may enter; kept for coverage by sidewalk machines
  is_closed boolean NOT NULL DEFAULT false,
  attributes jsonb NOT NULL DEFAULT '{}',
  geom geometry(LineString, 4326) NOT NULL,
  PRIMARY KEY (file_id, item, part)
);
-- Which file stands for a source today; the network is the union of all rows here.
CREATE TABLE raw.road_set (
  source_id integer PRIMARY KEY REFERENCES raw.source,
  file_id bigint NOT NULL REFERENCES raw.ingest_file,
  join_policy text NOT NULL CHECK (join_policy IN ('endpoints', 'crossings')),
  snap_m real NOT NULL CHECK (snap_m >= 0),
  recorded_at timestamptz NOT NULL DEFAULT now()
);

-- Plans and reference features as delivered: routes, sections, assignments, planned passes, kilometre posts, depots,
-- areas, other layers. `layer` names the reference layer for kinds areas and layer, else equals kind.
CREATE TABLE raw.plan (
  file_id bigint NOT NULL REFERENCES raw.ingest_file ON DELETE CASCADE,
  item bigint NOT NULL,
  kind text NOT NULL,
  layer text NOT NULL,
  external_id text NOT NULL,
  -- the mapped fields of the kind, by the names of docs/reference/plans.md
  attributes jsonb NOT NULL,
  geom geometry(Geometry, 4326),
  PRIMARY KEY (file_id, item)
);
-- Which file stands for (source, layer) today.
CREATE TABLE raw.plan_set (
  source_id integer NOT NULL REFERENCES raw.source,
  kind text NOT NULL,
  layer text NOT NULL,
  file_id bigint NOT NULL REFERENCES raw.ingest_file,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (source_id, kind, layer)
);

CREATE TABLE raw.vehicle (
  vehicle_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source_id integer NOT NULL REFERENCES raw.source,
  external_id text NOT NULL,
  first_seen_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (source_id, external_id)
);

-- 測位点. The key is (source, vehicle, at); vehicle_id implies the source. Two contents for one key are settled by
-- content, never by arrival: the row whose content_key is greater stays (ingest/load.py computes it).
CREATE TABLE raw.fix (
  vehicle_id integer NOT NULL,
  at timestamptz NOT NULL,
  lon double precision NOT NULL,
  lat double precision NOT NULL,
  heading_deg real,
  speed_mps real,
  accuracy_m real,
  blade boolean,
  spreader boolean,
  -- short form of a vendor that does not tell blade and spreader apart
  work boolean,
  treatment text,
  received_at timestamptz NOT NULL DEFAULT now(),
  file_id bigint,
  content_key bigint NOT NULL,
  PRIMARY KEY (vehicle_id, at)
) PARTITION BY RANGE (at);
CREATE INDEX fix_received ON raw.fix USING brin (received_at);

-- Days of raw.fix made beside the running work. CREATE TABLE … PARTITION OF locks raw.fix against every reader and
-- writer and so waits for, and then holds up, all of them; ATTACH PARTITION lets both go on.
-- Whether the day is there is asked of pg_class: to_regclass may answer from a cache that is older than the lock.
CREATE FUNCTION raw.ensure_fix_partition(day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE partition_name text := 'fix_' || to_char(day, 'YYYYMMDD');
BEGIN
  IF to_regclass('raw.' || partition_name) IS NOT NULL THEN
    RETURN false;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('raw.fix'), day - date '2000-01-01');
  IF EXISTS (SELECT FROM pg_class WHERE relname = partition_name AND relnamespace = 'raw'::regnamespace) THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE raw.%I (LIKE raw.fix INCLUDING ALL)', partition_name);
  EXECUTE format('ALTER TABLE raw.fix ATTACH PARTITION raw.%I FOR VALUES FROM (%L) TO (%L)', partition_name,
                 (day::timestamp AT TIME ZONE 'UTC'), ((day + 1)::timestamp AT TIME ZONE 'UTC'));
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION raw.ensure_fix_partition(date) FROM PUBLIC;
