-- net: the road network, its versions, and plans laid onto its edges. Written by yuki_engine.

CREATE TABLE net.version (
  network_version integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- of the road sets and the settings it was built from; the same content makes no new version
  content_sha256 bytea NOT NULL,
  crs_epsg integer NOT NULL,
  n_nodes integer NOT NULL,
  n_edges integer NOT NULL,
  -- hash of the array artefact beside the database, which can be rebuilt from this schema
  artefact_sha256 bytea NOT NULL,
  is_synthetic boolean NOT NULL,
  report jsonb NOT NULL DEFAULT '{}',
  recorded_at timestamptz NOT NULL DEFAULT now()
);

CREATE SEQUENCE net.piece_id_seq AS bigint MINVALUE 1;
CREATE SEQUENCE net.node_id_seq AS bigint MINVALUE 1;

-- A road piece between two nodes. It lives from first_version to last_version (NULL: still).
-- edge_id = 2 * piece_id along digitising, 2 * piece_id + 1 against it; ids are never used again.
CREATE TABLE net.piece (
  piece_id bigint PRIMARY KEY,
  first_version integer NOT NULL REFERENCES net.version,
  last_version integer REFERENCES net.version,
  from_node bigint NOT NULL,
  to_node bigint NOT NULL,
  source_id integer NOT NULL,
  external_id text NOT NULL,
  -- where on the delivered road the piece lies, metres along its digitising
  external_from_m double precision NOT NULL,
  external_to_m double precision NOT NULL,
  name text,
  route text,
  manager text NOT NULL,
  road_class text NOT NULL,
  oneway smallint NOT NULL CHECK (oneway IN (-1, 0, 1)),
  level smallint NOT NULL,
  lanes smallint,
  width_m real,
  speed_mps real NOT NULL,
  is_closed boolean NOT NULL,
  length_m double precision NOT NULL CHECK (length_m > 0),
  -- of geometry and attributes: equal content keeps its id in the next version
  content_key bytea NOT NULL,
  geom geometry(LineString, 4326) NOT NULL
);
CREATE INDEX piece_geom ON net.piece USING gist (geom);
CREATE INDEX piece_open ON net.piece (first_version) WHERE last_version IS NULL;

CREATE VIEW net.edge AS
SELECT 2 * piece_id + side AS edge_id, piece_id, side = 1 AS is_reversed, first_version, last_version,
       CASE side WHEN 0 THEN from_node ELSE to_node END AS from_node,
       CASE side WHEN 0 THEN to_node ELSE from_node END AS to_node,
       NOT is_closed AND (oneway = 0 OR (oneway = 1) = (side = 0)) AS is_open, length_m
FROM net.piece CROSS JOIN generate_series(0, 1) AS side;

-- What became of the edges of an earlier version, from-to in metres along digitising. to_edge_id NULL: gone.
CREATE TABLE net.edge_lineage (
  network_version integer NOT NULL REFERENCES net.version,
  from_edge_id bigint NOT NULL,
  from_from_m double precision NOT NULL,
  from_to_m double precision NOT NULL,
  to_edge_id bigint,
  to_from_m double precision,
  to_to_m double precision
);
CREATE INDEX edge_lineage_from ON net.edge_lineage (from_edge_id);
CREATE INDEX edge_lineage_to ON net.edge_lineage (to_edge_id);

-- 除雪路線: plough routes with class and target.
CREATE TABLE net.plough_route (
  route_id text PRIMARY KEY,
  name text NOT NULL,
  route_class text NOT NULL,
  manager text NOT NULL,
  office text,
  -- local clock time at which the route is to be open; NULL: no target
  target_time time,
  callout_depth_cm real,
  is_priority_network boolean NOT NULL DEFAULT false,
  planned_m double precision NOT NULL,
  laid_m double precision NOT NULL,
  is_synthetic boolean NOT NULL,
  geom geometry(MultiLineString, 4326)
);
-- 工区: a contractor's area or stretch.
CREATE TABLE net.work_section (
  section_id text PRIMARY KEY,
  name text NOT NULL,
  manager text NOT NULL,
  contractor text,
  planned_m double precision,
  laid_m double precision NOT NULL,
  is_synthetic boolean NOT NULL,
  geom geometry(Geometry, 4326)
);
-- Which edge intervals a route or a section holds. Exactly one of the two ids is set.
CREATE TABLE net.plan_edge (
  network_version integer NOT NULL REFERENCES net.version,
  route_id text REFERENCES net.plough_route ON DELETE CASCADE,
  section_id text REFERENCES net.work_section ON DELETE CASCADE,
  edge_id bigint NOT NULL,
  from_m double precision NOT NULL,
  to_m double precision NOT NULL,
  CHECK ((route_id IS NULL) <> (section_id IS NULL)),
  CHECK (from_m < to_m)
);
CREATE INDEX plan_edge_edge ON net.plan_edge (edge_id);
-- 距離標
CREATE TABLE net.kmpost (
  network_version integer NOT NULL REFERENCES net.version,
  route text NOT NULL,
  km double precision NOT NULL,
  edge_id bigint NOT NULL,
  offset_m double precision NOT NULL,
  distance_m double precision NOT NULL,
  geom geometry(Point, 4326) NOT NULL,
  PRIMARY KEY (network_version, route, km, edge_id)
);
CREATE TABLE net.depot (
  depot_id text PRIMARY KEY,
  name text NOT NULL,
  is_synthetic boolean NOT NULL,
  geom geometry(Point, 4326) NOT NULL
);
-- Municipalities, coast, settlements and any other reference layer, by layer name.
CREATE TABLE net.reference (
  layer text NOT NULL,
  feature_id text NOT NULL,
  name text,
  attributes jsonb NOT NULL DEFAULT '{}',
  is_synthetic boolean NOT NULL,
  geom geometry(Geometry, 4326) NOT NULL,
  PRIMARY KEY (layer, feature_id)
);
CREATE INDEX reference_geom ON net.reference USING gist (geom);
-- What of a plan did not fit the network: the report that each plan import prints, kept.
CREATE TABLE net.plan_misfit (
  network_version integer NOT NULL REFERENCES net.version,
  kind text NOT NULL,
  external_id text NOT NULL,
  missing_m double precision NOT NULL,
  detail text NOT NULL
);
