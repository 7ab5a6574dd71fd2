-- Takes the laid priority network and buses away, to be written anew in the same transaction; edges go with their lines.
-- Params: none. Returns: nothing.
WITH roads AS (DELETE FROM net.priority_road), feeds AS (DELETE FROM net.bus_feed)
DELETE FROM net.plan_misfit WHERE kind IN ('priority_network', 'bus_routes')
