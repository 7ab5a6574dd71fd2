-- Kilometre posts 距離標 for everybody: where a kilometre of a route is. Written with pub.roads.

CREATE TABLE pub.kilometre_post (
  route text NOT NULL,
  km double precision NOT NULL,
  edge_id bigint NOT NULL,
  geom geometry(Point, 4326) NOT NULL,
  PRIMARY KEY (route, km, edge_id)
);
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON pub.kilometre_post TO yuki_publish;
GRANT SELECT ON pub.kilometre_post TO yuki_reader, yuki_manager;

-- What is published already gets its posts at once, for the network version that is published.
INSERT INTO pub.kilometre_post (route, km, edge_id, geom)
SELECT k.route, k.km, k.edge_id, k.geom
FROM net.kmpost AS k JOIN pub.dataset AS d USING (network_version) JOIN pub.roads AS r USING (edge_id);
