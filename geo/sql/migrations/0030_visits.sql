-- The card of a road: whom to ask (連絡先), which edges of a plough route follow one another, which routes lie in a
-- municipality, and what became of former pieces.

-- 連絡先: an office that residents may ask about the roads of a manager, as delivered; never a person. The newest file
-- stands as a whole.
CREATE TABLE raw.manager_contact (
  manager text NOT NULL CHECK (manager IN ('nation', 'prefecture', 'municipality', 'other', 'unknown')),
  -- name of the municipality in which the office answers; empty: wherever no other row does
  area text NOT NULL,
  name text NOT NULL,
  name_en text NOT NULL,
  -- NULL: none is given
  phone text,
  link text,
  synthetic boolean NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (manager, area)
);
CREATE TABLE net.manager_contact (LIKE raw.manager_contact INCLUDING CONSTRAINTS, PRIMARY KEY (manager, area));
CREATE TABLE pub.manager_contact (LIKE raw.manager_contact INCLUDING CONSTRAINTS, PRIMARY KEY (manager, area));
GRANT SELECT, INSERT, UPDATE, DELETE ON raw.manager_contact TO yuki_ingest;
GRANT SELECT ON raw.manager_contact TO yuki_engine, yuki_score;
GRANT SELECT, INSERT, UPDATE, DELETE ON net.manager_contact TO yuki_engine;
GRANT SELECT ON net.manager_contact TO yuki_score, yuki_publish;

-- Where the edges of plough routes begin and end in the direction of travel, so that the way along a route is known.
CREATE TABLE pub.road_node (
  edge_id bigint PRIMARY KEY,
  from_node bigint NOT NULL,
  to_node bigint NOT NULL
);
-- Which plough routes have roads in a municipality.
CREATE TABLE pub.route_town (
  municipality text NOT NULL,
  route_id text NOT NULL,
  PRIMARY KEY (municipality, route_id)
);
-- A piece that the roads of today do not have any more, and the published one that holds most of it. What nothing holds
-- any more has no row.
CREATE TABLE pub.former_piece (
  piece_id bigint PRIMARY KEY,
  heir_id bigint NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE
  ON pub.manager_contact, pub.road_node, pub.route_town, pub.former_piece TO yuki_publish;
GRANT SELECT ON pub.manager_contact, pub.road_node, pub.route_town, pub.former_piece TO yuki_reader, yuki_manager;

-- Of what is published already; later publications write it with the roads (layers/sql/publish_road_node.sql …).
INSERT INTO pub.road_node (edge_id, from_node, to_node)
SELECT e.edge_id, e.from_node, e.to_node FROM pub.roads AS r JOIN net.edge AS e USING (edge_id)
WHERE r.route_id IS NOT NULL;
INSERT INTO pub.route_town (municipality, route_id)
SELECT DISTINCT municipality, route_id FROM pub.roads WHERE municipality IS NOT NULL AND route_id IS NOT NULL;
WITH RECURSIVE heir AS (
  SELECT DISTINCT ON (l.from_edge_id >> 1) l.from_edge_id >> 1 AS piece_id, l.to_edge_id >> 1 AS heir_id
  FROM net.edge_lineage AS l WHERE l.to_edge_id IS NOT NULL
  GROUP BY l.from_edge_id >> 1, l.to_edge_id >> 1
  ORDER BY l.from_edge_id >> 1, sum(l.from_to_m - l.from_from_m) DESC, l.to_edge_id >> 1
), walk AS (
  SELECT h.piece_id, h.heir_id FROM heir AS h
  UNION
  SELECT w.piece_id, h.heir_id FROM walk AS w JOIN heir AS h ON h.piece_id = w.heir_id
)
INSERT INTO pub.former_piece (piece_id, heir_id)
SELECT w.piece_id, w.heir_id FROM walk AS w
WHERE EXISTS (SELECT FROM pub.roads AS r WHERE r.piece_id = w.heir_id)
  AND NOT EXISTS (SELECT FROM pub.roads AS r WHERE r.piece_id = w.piece_id);
