-- pub: what everybody may see. Written by yuki_publish, read by yuki_reader. mgr: what a manager's key may see.
-- One geometry column a relation, longitude and latitude of WGS 84 unless the name says otherwise.

CREATE TABLE pub.dataset (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  network_version integer NOT NULL,
  -- keys of content, so that a tile's address never means two things: of the network, of the plans laid onto it, of
  -- all reference layers
  network_key text NOT NULL,
  plan_key text NOT NULL,
  reference_key text NOT NULL,
  n_edges integer NOT NULL,
  is_synthetic boolean NOT NULL,
  event_id bigint NOT NULL,
  event_kind text NOT NULL,
  event_name text NOT NULL,
  reference_at timestamptz NOT NULL,
  as_of timestamptz NOT NULL,
  -- rises with each change of edge_status; ETags and versions of the snapshot rest on it
  status_version bigint NOT NULL,
  west double precision NOT NULL,
  south double precision NOT NULL,
  east double precision NOT NULL,
  north double precision NOT NULL,
  published_at timestamptz NOT NULL DEFAULT now()
);

-- One row a directed edge of the current network version that traffic may use.
CREATE TABLE pub.roads (
  edge_id bigint PRIMARY KEY,
  piece_id bigint NOT NULL,
  is_reversed boolean NOT NULL,
  name text,
  route text,
  manager text NOT NULL,
  road_class text NOT NULL,
  is_oneway boolean NOT NULL,
  level smallint NOT NULL,
  lanes smallint,
  width_m real,
  length_m double precision NOT NULL,
  municipality text,
  -- plough route and work section that hold most of the edge; NULL: on nobody's plan
  route_id text,
  section_id text,
  network_version integer NOT NULL,
  synthetic boolean NOT NULL,
  -- along digitising for both directions
  geom geometry(LineString, 4326) NOT NULL
);
CREATE INDEX roads_geom ON pub.roads USING gist (geom);
CREATE INDEX roads_piece ON pub.roads (piece_id);
CREATE INDEX roads_route ON pub.roads (route_id) WHERE route_id IS NOT NULL;
CREATE INDEX roads_section ON pub.roads (section_id) WHERE section_id IS NOT NULL;

-- Pieces for vector tiles in EPSG:3857, one row a piece and band of zooms, generalised for the low ones.
CREATE TABLE pub.road_tile (
  piece_id bigint NOT NULL,
  min_zoom smallint NOT NULL,
  max_zoom smallint NOT NULL,
  road_class text NOT NULL,
  class_rank smallint NOT NULL,
  oneway smallint NOT NULL,
  level smallint NOT NULL,
  name text,
  route text,
  manager text NOT NULL,
  route_id text,
  -- whether a plough route or a work section holds at least half of either direction
  on_plan boolean NOT NULL,
  synthetic boolean NOT NULL,
  geom_3857 geometry(LineString, 3857) NOT NULL,
  PRIMARY KEY (piece_id, min_zoom)
);
CREATE INDEX road_tile_geom ON pub.road_tile USING gist (geom_3857);

CREATE TABLE pub.edge_status (
  edge_id bigint PRIMARY KEY,
  state text NOT NULL,
  reason text NOT NULL,
  cleared_at timestamptz,
  valid_until timestamptz,
  observed_at timestamptz,
  covered_fraction real NOT NULL,
  treatment text,
  work_basis text NOT NULL,
  confidence real NOT NULL,
  source text,
  snow_since_cm real,
  status_version bigint NOT NULL,
  synthetic boolean NOT NULL
);

CREATE VIEW pub.road_status AS
SELECT r.edge_id, r.name, r.route, r.manager, CASE WHEN r.is_reversed THEN 'backward' ELSE 'forward' END AS direction,
       r.municipality, r.road_class, r.length_m,
       s.state, s.reason, d.event_id, d.reference_at, s.cleared_at, s.valid_until, s.observed_at, d.as_of,
       s.covered_fraction, s.treatment, s.snow_since_cm, s.work_basis, s.confidence, s.source,
       r.route_id, r.section_id, r.network_version, s.synthetic, r.geom
FROM pub.roads AS r JOIN pub.edge_status AS s USING (edge_id) CROSS JOIN pub.dataset AS d;

-- Working and other traversals of the event without any vehicle id, as stretches of road.
CREATE TABLE pub.passes (
  pass_id bigint PRIMARY KEY,
  edge_id bigint NOT NULL,
  is_reversed boolean NOT NULL,
  from_m double precision NOT NULL,
  to_m double precision NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz NOT NULL,
  kind text NOT NULL,
  status text NOT NULL,
  treatment text,
  work_basis text NOT NULL,
  confidence real NOT NULL,
  matcher_version text NOT NULL,
  network_version integer NOT NULL,
  is_provisional boolean NOT NULL,
  synthetic boolean NOT NULL,
  geom geometry(LineString, 4326) NOT NULL
);
CREATE INDEX passes_geom ON pub.passes USING gist (geom);
CREATE INDEX passes_edge ON pub.passes (edge_id, ended_at);

-- Working positions only, public ids that change with each shift, nothing near a depot or a shift's ends.
CREATE TABLE pub.ploughs (
  plough_id text PRIMARY KEY,
  observed_at timestamptz NOT NULL,
  heading_deg real,
  treatment text,
  synthetic boolean NOT NULL,
  geom geometry(Point, 4326) NOT NULL
);

CREATE TABLE pub.routes (
  route_id text PRIMARY KEY,
  name text NOT NULL,
  route_class text NOT NULL,
  manager text NOT NULL,
  target_time time,
  callout_depth_cm real,
  is_priority_network boolean NOT NULL,
  length_m double precision NOT NULL,
  cleared_fraction real NOT NULL,
  unknown_fraction real NOT NULL,
  synthetic boolean NOT NULL,
  geom geometry(MultiLineString, 4326) NOT NULL
);
CREATE TABLE pub.work_sections (
  section_id text PRIMARY KEY,
  name text NOT NULL,
  manager text NOT NULL,
  length_m double precision NOT NULL,
  cleared_fraction real NOT NULL,
  unknown_fraction real NOT NULL,
  synthetic boolean NOT NULL,
  geom geometry(Geometry, 4326) NOT NULL
);
-- Municipalities and every other reference layer (coast, settlements, emergency roads …).
CREATE TABLE pub.reference (
  fid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  layer text NOT NULL,
  feature_id text NOT NULL,
  name text,
  attributes jsonb NOT NULL,
  synthetic boolean NOT NULL,
  geom geometry(Geometry, 4326) NOT NULL,
  UNIQUE (layer, feature_id)
);
CREATE INDEX reference_geom ON pub.reference USING gist (geom);
CREATE INDEX reference_layer ON pub.reference (layer, fid);
CREATE VIEW pub.municipalities AS
SELECT fid, feature_id AS municipality_id, name, attributes, synthetic, geom
FROM pub.reference WHERE layer = 'municipalities';

-- Devices as a manager sees them.
CREATE TABLE mgr.devices (
  vehicle_id integer PRIMARY KEY,
  -- NULL: its source is not known
  source text,
  vehicle text NOT NULL,
  contractor text,
  last_fix_at timestamptz NOT NULL,
  is_working boolean,
  synthetic boolean NOT NULL,
  geom geometry(Point, 4326) NOT NULL
);

-- Fresh tables have no statistics, and plans made without them go wrong by orders of magnitude. Only an owner may
-- analyse, so yuki_publish calls this after it has rewritten a table.
CREATE FUNCTION pub.refresh_statistics() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  ANALYZE pub.roads, pub.road_tile, pub.edge_status, pub.passes, pub.reference;
END $$;
REVOKE ALL ON FUNCTION pub.refresh_statistics() FROM PUBLIC;
