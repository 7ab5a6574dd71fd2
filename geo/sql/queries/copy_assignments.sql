-- New assignments in bulk. vehicle_id NULL: the machine has no device.
COPY ops.assignment (route_id, section_id, contractor, machine, vehicle_id, during, is_synthetic)
FROM STDIN
