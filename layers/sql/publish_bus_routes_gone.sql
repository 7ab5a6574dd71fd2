-- Drop the published bus routes that no longer stand as they are, or whose feed says something else of itself.
-- Params: none. Returns nothing; rows deleted count. NULL in a feed: not told. Index: primary keys.
DELETE FROM pub.bus_route AS p
WHERE NOT EXISTS (
  SELECT FROM net.bus_route AS n JOIN net.bus_feed AS f USING (feed_id)
  WHERE n.route_id = p.route_id AND n.row_key = p.row_key
    AND (f.version, f.valid_from, f.valid_to, f.timezone, f.licence, f.attribution)
      IS NOT DISTINCT FROM (p.feed_version, p.valid_from, p.valid_to, p.timezone, p.licence, p.attribution)
)
