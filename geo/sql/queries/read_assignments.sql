-- The assignments that hold as known now.
-- Params: none. Returns: one row an assignment. Index: none; the table is small.
-- vehicle_id NULL: the machine has no device. Upper bound NULL: until further notice.
SELECT assignment_id, route_id, section_id, contractor, machine, vehicle_id, lower(during), upper(during),
       is_synthetic
FROM ops.assignment
WHERE superseded_at IS NULL
