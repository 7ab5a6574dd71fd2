-- The order in which compact answers tell edges: along the roads, plan by plan, so that what was cleared together stands
-- together. Written with pub.roads, and the same as long as the roads and the plans are.
CREATE TABLE pub.road_order (
  edge_id bigint PRIMARY KEY,
  position integer NOT NULL UNIQUE CHECK (position >= 0)
);
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON pub.road_order TO yuki_publish;
GRANT SELECT ON pub.road_order TO yuki_reader, yuki_manager;
