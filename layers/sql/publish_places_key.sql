-- Keep the key of the content of all published places, lines of the priority network and buses; nothing before the first
-- publication of roads. The key is an order-independent sum of the hashes of their rows.
-- Params: version (text), which rises when the same rows look different in tiles. Returns nothing; a changed key counts.
-- Index: none, the tables are read whole.
WITH row_of AS (
  SELECT concat_ws('|', 'place', place_id, row_key) AS content FROM pub.facility
  UNION ALL SELECT concat_ws('|', 'priority', priority_id, row_key) FROM pub.priority_road
  UNION ALL SELECT concat_ws('|', 'edge', edge_id, priority_id, network_class) FROM pub.priority_edge
  UNION ALL SELECT concat_ws('|', 'stop', stop_id, row_key, feed_version, valid_from, valid_to) FROM pub.bus_stop
  UNION ALL SELECT concat_ws('|', 'route', route_id, row_key, feed_version, valid_from, valid_to) FROM pub.bus_route
), key AS (
  SELECT left(md5(concat_ws('|', %(version)s::text, coalesce(sum(hashtextextended(content, 0)), 0))), 10) AS places_key
  FROM row_of
)
UPDATE pub.dataset AS d SET places_key = key.places_key FROM key WHERE d.places_key IS DISTINCT FROM key.places_key
