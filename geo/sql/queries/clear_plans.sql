-- Takes all laid plans away, to be written anew in the same transaction; plan_edge goes with its route or section.
-- Params: none. Returns: nothing.
WITH routes AS (DELETE FROM net.plough_route), sections AS (DELETE FROM net.work_section),
     posts AS (DELETE FROM net.kmpost), depots AS (DELETE FROM net.depot), layers AS (DELETE FROM net.reference)
DELETE FROM net.plan_misfit WHERE kind NOT IN ('assignments', 'plans', 'priority_network', 'bus_routes')
