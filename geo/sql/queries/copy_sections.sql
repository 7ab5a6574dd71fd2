-- Work sections in bulk, geometry as delivered. planned_m NULL: the section is an area and plans no length.
COPY net.work_section (section_id, name, manager, contractor, planned_m, laid_m, is_synthetic, geom)
FROM STDIN
