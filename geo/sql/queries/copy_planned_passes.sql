-- New planned passes in bulk. treatment NULL: not told.
COPY ops.planned_pass (route_id, section_id, treatment, during, is_synthetic)
FROM STDIN
