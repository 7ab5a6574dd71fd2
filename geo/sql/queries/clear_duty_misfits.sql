-- Takes the misfits of assignments and planned passes away, to be told anew.
-- Params: none. Returns: nothing.
DELETE FROM net.plan_misfit WHERE kind IN ('assignments', 'plans')
