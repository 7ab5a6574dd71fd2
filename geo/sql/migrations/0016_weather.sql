-- Weather: stations, what they observed, snow of rasters by mesh cell, and the snow of each cell with roads now.

ALTER TABLE raw.ingest_file DROP CONSTRAINT ingest_file_kind_check;
ALTER TABLE raw.ingest_file ADD CONSTRAINT ingest_file_kind_check
  CHECK (kind IN ('roads', 'routes', 'sections', 'assignments', 'plans', 'kmposts', 'depots', 'areas', 'layer', 'fixes',
                  'vehicles', 'stations', 'weather'));

-- 観測所: a weather station of a source.
CREATE TABLE raw.weather_station (
  station_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source_id integer NOT NULL REFERENCES raw.source,
  external_id text NOT NULL,
  name text NOT NULL,
  lon double precision NOT NULL CHECK (lon BETWEEN -180 AND 180),
  lat double precision NOT NULL CHECK (lat BETWEEN -90 AND 90),
  -- NULL: not told
  elevation_m real,
  -- whether it measures snow; NULL: not told
  has_snow boolean,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (source_id, external_id)
);

-- What a station observed. Append-only like a fact: another word on the same moment ends the older row. span_min 0: the
-- depth of the snow at that moment; else what fell in so many minutes before it.
CREATE TABLE raw.weather (
  station_id integer NOT NULL REFERENCES raw.weather_station,
  at timestamptz NOT NULL,
  quantity text NOT NULL CHECK (quantity IN ('snow_depth', 'snowfall')),
  span_min smallint NOT NULL CHECK (span_min BETWEEN 0 AND 1440),
  -- NULL: the source says that there is no value
  value_cm real CHECK (value_cm >= 0),
  -- the source's own code; NULL: it has none
  quality smallint,
  -- false: there is no value, or its quality forbids its use
  is_usable boolean NOT NULL,
  -- NULL: it came in without a file
  file_id bigint REFERENCES raw.ingest_file ON DELETE CASCADE,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  superseded_at timestamptz,
  CHECK ((quantity = 'snow_depth') = (span_min = 0)),
  CHECK (value_cm IS NOT NULL OR NOT is_usable)
);
CREATE UNIQUE INDEX weather_now ON raw.weather (station_id, quantity, span_min, at) WHERE superseded_at IS NULL;
CREATE INDEX weather_at ON raw.weather (at);

-- Depth of the snow by mesh cell (geo/snow.py numbers them), from rasters. Append-only likewise.
CREATE TABLE raw.weather_grid (
  source_id integer NOT NULL REFERENCES raw.source,
  cell integer NOT NULL,
  at timestamptz NOT NULL,
  depth_cm real NOT NULL CHECK (depth_cm >= 0),
  file_id bigint REFERENCES raw.ingest_file ON DELETE CASCADE,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  superseded_at timestamptz
);
CREATE UNIQUE INDEX weather_grid_now ON raw.weather_grid (source_id, cell, at) WHERE superseded_at IS NULL;
CREATE INDEX weather_grid_at ON raw.weather_grid (at);

-- A transaction that wrote weather, in the order of commits: states that rest on weather find by it what is new.
CREATE TABLE raw.weather_batch (
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source_id integer NOT NULL REFERENCES raw.source,
  n integer NOT NULL,
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now()
);

-- The snow of each cell with roads, as of a moment; a cache, replaced in place. Amounts are lower bounds where their
-- basis is partial, and NULL where it is missing.
CREATE TABLE ops.snow_cell (
  cell integer PRIMARY KEY,
  network_version integer NOT NULL REFERENCES net.version,
  -- NULL: not worked out yet
  as_of timestamptz,
  -- the event that total_cm counts from; NULL: the standing watch, and then total_cm is NULL
  event_id bigint REFERENCES ops.event,
  reference_at timestamptz,
  total_cm real,
  basis text NOT NULL DEFAULT 'missing' CHECK (basis IN ('observed', 'partial', 'missing')),
  -- depth of the snow, by the last words of the stations in reach; NULL: none reported lately
  depth_cm real,
  fell_1h_cm real,
  basis_1h text NOT NULL DEFAULT 'missing' CHECK (basis_1h IN ('observed', 'partial', 'missing')),
  fell_6h_cm real,
  basis_6h text NOT NULL DEFAULT 'missing' CHECK (basis_6h IN ('observed', 'partial', 'missing')),
  fell_24h_cm real,
  basis_24h text NOT NULL DEFAULT 'missing' CHECK (basis_24h IN ('observed', 'partial', 'missing')),
  -- the newest observation in reach; NULL: none
  observed_at timestamptz,
  is_synthetic boolean NOT NULL DEFAULT false
);

-- The last word of each station that measures snow; a cache, replaced in place. Layers may not read raw.
CREATE TABLE ops.weather_station (
  station_id integer PRIMARY KEY,
  source text NOT NULL,
  external_id text NOT NULL,
  name text NOT NULL,
  lon double precision NOT NULL,
  lat double precision NOT NULL,
  elevation_m real,
  -- its last usable depth and when it was measured; NULL: none ever
  depth_cm real,
  depth_at timestamptz,
  fell_1h_cm real,
  fell_6h_cm real,
  fell_24h_cm real,
  -- its last usable word of any kind; NULL: never one
  observed_at timestamptz,
  is_synthetic boolean NOT NULL
);

-- How an event was found in the weather; an event without a row was set by hand.
CREATE TABLE ops.storm_found (
  event_id bigint PRIMARY KEY REFERENCES ops.event,
  source text NOT NULL,
  station text NOT NULL,
  station_name text NOT NULL,
  -- when the callout depth was reached there, and what had fallen in the window by then
  reached_at timestamptz NOT NULL,
  fell_cm real NOT NULL,
  -- the rule: so many centimetres within so many hours; over after so many quiet hours
  snowfall_cm real NOT NULL,
  within_h real NOT NULL,
  quiet_h real NOT NULL,
  is_synthetic boolean NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE pub.snow_cell (
  cell integer PRIMARY KEY,
  -- code of the standard third mesh; NULL: the cell lies outside of Japan's
  mesh_code text,
  as_of timestamptz NOT NULL,
  event_id bigint,
  reference_at timestamptz,
  total_cm real,
  basis text NOT NULL,
  depth_cm real,
  fell_1h_cm real,
  basis_1h text NOT NULL,
  fell_6h_cm real,
  basis_6h text NOT NULL,
  fell_24h_cm real,
  basis_24h text NOT NULL,
  observed_at timestamptz,
  synthetic boolean NOT NULL,
  geom geometry(Polygon, 4326) NOT NULL
);
CREATE INDEX snow_cell_geom ON pub.snow_cell USING gist (geom);

CREATE TABLE pub.weather_station (
  station_id integer PRIMARY KEY,
  source text NOT NULL,
  external_id text NOT NULL,
  name text NOT NULL,
  elevation_m real,
  depth_cm real,
  depth_at timestamptz,
  fell_1h_cm real,
  fell_6h_cm real,
  fell_24h_cm real,
  observed_at timestamptz,
  synthetic boolean NOT NULL,
  geom geometry(Point, 4326) NOT NULL
);

-- The columns of a cell's row and place in the mesh are its number (geo/snow.py): row * 28800 + column.
CREATE FUNCTION ops.cell_box(cell integer) RETURNS geometry
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT public.ST_MakeEnvelope((cell % 28800) / 80.0 - 180, (cell / 28800) / 120.0 - 90,
                                (cell % 28800 + 1) / 80.0 - 180, (cell / 28800 + 1) / 120.0 - 90, 4326)
$$;
-- Code of the standard third mesh (JIS X 0410): latitude times 1.5 and longitude less 100 name the first mesh, eight by
-- eight second ones lie in it, ten by ten third ones in each of those. NULL outside of 0 to 66.6 degrees north, 100 to
-- 180 degrees east.
CREATE FUNCTION ops.mesh_code(cell integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN y >= 0 AND y / 80 < 100 AND x >= 0 THEN
    lpad((y / 80)::text, 2, '0') || lpad((x / 80)::text, 2, '0') || (y % 80 / 10)::text || (x % 80 / 10)::text
    || (y % 10)::text || (x % 10)::text END
  FROM (SELECT cell / 28800 - 10800 AS y, cell % 28800 - 22400 AS x) AS mesh
$$;
REVOKE ALL ON FUNCTION ops.cell_box(integer), ops.mesh_code(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ops.cell_box(integer), ops.mesh_code(integer) TO yuki_publish;

GRANT SELECT, INSERT, UPDATE, DELETE ON raw.weather_station, raw.weather, raw.weather_grid, raw.weather_batch
  TO yuki_ingest;
GRANT USAGE ON SEQUENCE raw.weather_station_station_id_seq, raw.weather_batch_position_seq TO yuki_ingest;
GRANT SELECT ON raw.weather_station, raw.weather, raw.weather_grid, raw.weather_batch TO yuki_engine, yuki_score;
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.snow_cell, ops.weather_station TO yuki_engine;
GRANT SELECT, INSERT ON ops.storm_found TO yuki_engine;
GRANT SELECT ON ops.snow_cell, ops.weather_station, ops.storm_found TO yuki_publish, yuki_score;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON pub.snow_cell, pub.weather_station TO yuki_publish;
GRANT SELECT ON pub.snow_cell, pub.weather_station TO yuki_reader, yuki_manager;
