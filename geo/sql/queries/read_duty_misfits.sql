-- What could not be taken of assignments and planned passes.
-- Params: none. Returns: one row a remark. Index: none; the table is small.
SELECT network_version, kind, external_id, missing_m, detail
FROM net.plan_misfit
WHERE kind IN ('assignments', 'plans')
