-- Places, cameras, the priority network 雪みちネットワーク路線 and buses. As delivered they lie in raw.plan; net holds what stands
-- of them, laid on edges; pub what everybody may see. row_key is a digest of the other columns: another one is other content.

ALTER TABLE raw.ingest_file DROP CONSTRAINT ingest_file_kind_check;
ALTER TABLE raw.ingest_file ADD CONSTRAINT ingest_file_kind_check
  CHECK (kind IN ('roads', 'routes', 'sections', 'assignments', 'plans', 'kmposts', 'depots', 'areas', 'layer', 'fixes',
                  'vehicles', 'stations', 'weather', 'callouts', 'places', 'cameras', 'priority_network', 'gtfs'));

-- 施設: the register of places. A place that is delivered no more is retired and keeps its row and its id.
CREATE TABLE net.place (
  -- a digest of source, kind and the id or name that it was delivered with: the same in every database
  place_id text PRIMARY KEY,
  source text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('hospital', 'emergency_hospital', 'fire_station', 'police_station', 'shelter',
                                     'emergency_site', 'school', 'care_home', 'town_hall', 'snow_dump', 'other')),
  external_id text NOT NULL,
  name text NOT NULL,
  -- NULL in all of these: not told
  name_en text,
  address text,
  phone text,
  opening text,
  capacity integer CHECK (capacity >= 0),
  licence text,
  attribution text,
  is_synthetic boolean NOT NULL,
  row_key text NOT NULL,
  first_seen_at timestamptz NOT NULL DEFAULT now(),
  -- NULL: it stands
  retired_at timestamptz,
  geom geometry(Point, 4326) NOT NULL
);
CREATE INDEX place_geom ON net.place USING gist (geom) WHERE retired_at IS NULL;

-- 道路カメラ: the register of cameras. The address of the picture stays in raw.plan, which nobody serves.
CREATE TABLE net.camera (
  camera_id text PRIMARY KEY,
  source text NOT NULL,
  external_id text NOT NULL,
  name text NOT NULL,
  -- NULL in all of these: not told
  name_en text,
  road text,
  licence text,
  attribution text,
  interval_s integer NOT NULL CHECK (interval_s > 0),
  is_synthetic boolean NOT NULL,
  row_key text NOT NULL,
  first_seen_at timestamptz NOT NULL DEFAULT now(),
  -- NULL: it stands
  retired_at timestamptz,
  geom geometry(Point, 4326) NOT NULL
);

-- Lines of the priority network, written anew with each laying.
CREATE TABLE net.priority_road (
  priority_id text PRIMARY KEY,
  source text NOT NULL,
  -- NULL: it has none
  name text,
  -- 1 first, 2 second …; NULL: not told
  network_class smallint CHECK (network_class BETWEEN 1 AND 9),
  -- the class as its source words it; NULL: not told
  class_name text,
  licence text,
  attribution text,
  planned_m double precision NOT NULL,
  laid_m double precision NOT NULL,
  is_synthetic boolean NOT NULL,
  row_key text NOT NULL,
  -- as laid where any of it was laid, else as drawn; NULL: neither
  geom geometry(MultiLineString, 4326)
);
CREATE TABLE net.priority_edge (
  network_version integer NOT NULL REFERENCES net.version,
  priority_id text NOT NULL REFERENCES net.priority_road ON DELETE CASCADE,
  edge_id bigint NOT NULL,
  from_m double precision NOT NULL,
  to_m double precision NOT NULL
);
CREATE INDEX priority_edge_edge ON net.priority_edge (edge_id);
CREATE INDEX priority_edge_road ON net.priority_edge (priority_id);

-- A feed of a transit operator (GTFS, 標準的なバス情報フォーマット GTFS-JP) as it stands.
CREATE TABLE net.bus_feed (
  feed_id text PRIMARY KEY,
  -- NULL in all of these: not told
  publisher text,
  version text,
  valid_from date,
  valid_to date,
  licence text,
  attribution text,
  agencies text,
  -- IANA name; valid_from and valid_to are days there
  timezone text NOT NULL,
  n_trips integer NOT NULL,
  is_synthetic boolean NOT NULL
);
CREATE TABLE net.bus_stop (
  stop_id text PRIMARY KEY,
  feed_id text NOT NULL REFERENCES net.bus_feed ON DELETE CASCADE,
  name text NOT NULL,
  name_en text,
  -- names of the routes that stop here; NULL: none does
  routes text,
  -- departures on the weekday, Saturday and Sunday of the feed with the most trips
  departures_weekday real NOT NULL,
  departures_saturday real NOT NULL,
  departures_sunday real NOT NULL,
  is_synthetic boolean NOT NULL,
  row_key text NOT NULL,
  geom geometry(Point, 4326) NOT NULL
);
CREATE TABLE net.bus_route (
  route_id text PRIMARY KEY,
  feed_id text NOT NULL REFERENCES net.bus_feed ON DELETE CASCADE,
  name text NOT NULL,
  name_en text,
  short_name text,
  -- route_type of GTFS: 3 bus, 0 tram …
  route_type integer NOT NULL,
  agency text,
  agency_en text,
  trips_weekday real NOT NULL,
  trips_saturday real NOT NULL,
  trips_sunday real NOT NULL,
  -- whose line it is: of the feed's shapes, made from its stops along the roads, or some of each
  shape_source text NOT NULL CHECK (shape_source IN ('shapes', 'stops', 'mixed', 'none')),
  planned_m double precision NOT NULL,
  laid_m double precision NOT NULL,
  is_synthetic boolean NOT NULL,
  row_key text NOT NULL,
  -- NULL: no trip of it has a line
  geom geometry(MultiLineString, 4326)
);
-- Which metres of which edge a bus route drives, in the direction of the edge, and how often a day.
CREATE TABLE net.bus_edge (
  network_version integer NOT NULL REFERENCES net.version,
  route_id text NOT NULL REFERENCES net.bus_route ON DELETE CASCADE,
  edge_id bigint NOT NULL,
  from_m double precision NOT NULL,
  to_m double precision NOT NULL,
  trips_weekday real NOT NULL,
  trips_saturday real NOT NULL,
  trips_sunday real NOT NULL,
  PRIMARY KEY (route_id, edge_id)
);
CREATE INDEX bus_edge_edge ON net.bus_edge (edge_id);

CREATE TABLE pub.facility (
  place_id text PRIMARY KEY,
  kind text NOT NULL,
  kind_ja text NOT NULL,
  kind_en text NOT NULL,
  name text NOT NULL,
  name_en text,
  address text,
  phone text,
  opening text,
  capacity integer,
  source text NOT NULL,
  licence text,
  attribution text,
  synthetic boolean NOT NULL,
  row_key text NOT NULL,
  geom geometry(Point, 4326) NOT NULL
);
CREATE INDEX facility_geom ON pub.facility USING gist (geom);
CREATE INDEX facility_kind ON pub.facility (kind);

CREATE TABLE pub.camera (
  camera_id text PRIMARY KEY,
  name text NOT NULL,
  name_en text,
  road text,
  interval_s integer NOT NULL,
  source text NOT NULL,
  licence text,
  attribution text,
  synthetic boolean NOT NULL,
  row_key text NOT NULL,
  geom geometry(Point, 4326) NOT NULL
);
-- The newest picture of a camera, and how the last tries to fetch it went. A row outlives changes of the register.
CREATE TABLE pub.camera_image (
  camera_id text PRIMARY KEY,
  -- JPEG without any metadata; NULL: none was fetched, or the last one is too old to be shown
  image bytea,
  width integer,
  height integer,
  -- of the bytes of the picture
  etag text,
  -- the picture's own time, as its server tells it; NULL: it does not
  image_at timestamptz,
  -- when the server last gave this picture, or said that it is still the newest; NULL: never
  fetched_at timestamptz,
  -- since when the picture is the same, pixel by pixel; NULL: never fetched
  changed_at timestamptz,
  tried_at timestamptz NOT NULL,
  -- when the next try is due; failures move it away
  next_at timestamptz NOT NULL,
  n_failures integer NOT NULL DEFAULT 0 CHECK (n_failures >= 0),
  problem text NOT NULL CHECK (problem IN ('none', 'not_allowed', 'unreachable', 'refused', 'moved', 'too_large',
                                           'no_image', 'unreadable')),
  -- what the server said of the picture, to ask whether there is a newer one; NULL: nothing
  source_etag text,
  source_modified text,
  -- a digest of the address, so that another one is asked at once
  link_key text NOT NULL,
  CHECK ((image IS NULL) = (etag IS NULL))
);

CREATE TABLE pub.priority_road (
  priority_id text PRIMARY KEY,
  name text,
  network_class smallint,
  class_name text,
  length_m double precision NOT NULL,
  laid_fraction double precision,
  source text NOT NULL,
  licence text,
  attribution text,
  synthetic boolean NOT NULL,
  row_key text NOT NULL,
  geom geometry(MultiLineString, 4326) NOT NULL
);
CREATE INDEX priority_road_geom ON pub.priority_road USING gist (geom);
-- The line of the priority network that holds most of an edge, at least half of it; of several the highest class.
CREATE TABLE pub.priority_edge (
  edge_id bigint PRIMARY KEY,
  priority_id text NOT NULL,
  network_class smallint,
  name text,
  source text NOT NULL
);

CREATE TABLE pub.bus_stop (
  stop_id text PRIMARY KEY,
  name text NOT NULL,
  name_en text,
  routes text,
  departures_weekday real NOT NULL,
  departures_saturday real NOT NULL,
  departures_sunday real NOT NULL,
  agency text,
  feed_version text,
  valid_from date,
  valid_to date,
  timezone text NOT NULL,
  source text NOT NULL,
  licence text,
  attribution text,
  synthetic boolean NOT NULL,
  row_key text NOT NULL,
  geom geometry(Point, 4326) NOT NULL
);
CREATE INDEX bus_stop_geom ON pub.bus_stop USING gist (geom);
CREATE TABLE pub.bus_route (
  route_id text PRIMARY KEY,
  name text NOT NULL,
  name_en text,
  short_name text,
  route_type integer NOT NULL,
  agency text,
  agency_en text,
  trips_weekday real NOT NULL,
  trips_saturday real NOT NULL,
  trips_sunday real NOT NULL,
  shape_source text NOT NULL,
  length_m double precision NOT NULL,
  laid_fraction double precision,
  feed_version text,
  valid_from date,
  valid_to date,
  timezone text NOT NULL,
  source text NOT NULL,
  licence text,
  attribution text,
  synthetic boolean NOT NULL,
  row_key text NOT NULL,
  geom geometry(MultiLineString, 4326) NOT NULL
);
CREATE INDEX bus_route_geom ON pub.bus_route USING gist (geom);
CREATE TABLE pub.bus_edge (
  edge_id bigint NOT NULL,
  route_id text NOT NULL,
  trips_weekday real NOT NULL,
  trips_saturday real NOT NULL,
  trips_sunday real NOT NULL,
  PRIMARY KEY (edge_id, route_id)
);

-- A key of the content of all of these but cameras: addresses of their tiles rest on it.
ALTER TABLE pub.dataset ADD COLUMN places_key text NOT NULL DEFAULT '';

GRANT SELECT, INSERT, UPDATE, DELETE ON net.place, net.camera, net.priority_road, net.priority_edge, net.bus_feed,
  net.bus_stop, net.bus_route, net.bus_edge TO yuki_engine;
GRANT SELECT ON net.place, net.camera, net.priority_road, net.priority_edge, net.bus_feed, net.bus_stop, net.bus_route,
  net.bus_edge TO yuki_score, yuki_publish;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON pub.facility, pub.camera, pub.camera_image, pub.priority_road,
  pub.priority_edge, pub.bus_stop, pub.bus_route, pub.bus_edge TO yuki_publish;
GRANT SELECT ON pub.facility, pub.camera, pub.camera_image, pub.priority_road, pub.priority_edge, pub.bus_stop,
  pub.bus_route, pub.bus_edge TO yuki_reader, yuki_manager;
