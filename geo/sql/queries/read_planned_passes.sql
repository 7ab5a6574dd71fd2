-- The planned passes that hold as known now.
-- Params: none. Returns: one row a planned pass. Index: none; the table is small. treatment NULL: not told.
SELECT planned_pass_id, route_id, section_id, treatment, lower(during), upper(during), is_synthetic
FROM ops.planned_pass
WHERE superseded_at IS NULL
