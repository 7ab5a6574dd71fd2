-- Bring the edges that are kept from the public up to date with the publication stops that hold by the clock, whatever
-- moment the states describe: publishing is an act of now. A stop of an area holds the edges that it was laid on.
-- Params: none. Returns one row: how many edges are newly withheld, and the ids of those that are so no more (never
-- NULL). The clock is looked at when the statement runs, which may have waited for a lock. Indexes: road_order_now, order_edge_order, primary keys.
WITH stop AS MATERIALIZED (
  SELECT order_id, is_everywhere, manager FROM ops.road_order
  WHERE superseded_at IS NULL AND kind = 'publication_stop' AND during @> clock_timestamp()
), wanted AS MATERIALIZED (
  SELECT r.edge_id FROM pub.roads AS r WHERE EXISTS (SELECT FROM stop WHERE is_everywhere)
  UNION
  SELECT r.edge_id FROM pub.roads AS r JOIN stop USING (manager)
  UNION
  SELECT e.edge_id FROM stop JOIN ops.order_edge AS e USING (order_id) JOIN pub.roads USING (edge_id)
  WHERE e.superseded_at IS NULL
), lifted AS (
  DELETE FROM pub.withheld_edge AS old
  WHERE NOT EXISTS (SELECT FROM wanted AS w WHERE w.edge_id = old.edge_id)
  RETURNING old.edge_id
), stopped AS (
  INSERT INTO pub.withheld_edge (edge_id)
  SELECT edge_id FROM wanted EXCEPT SELECT edge_id FROM pub.withheld_edge
  RETURNING edge_id
)
SELECT (SELECT count(*) FROM stopped), (SELECT coalesce(array_agg(edge_id), '{}') FROM lifted)
