-- The assignments as delivered, for the simulator. Params: none. Returns: route_id, section_id (NULL: not by it),
-- machine_class (NULL: not said), source, vehicle (NULL: the machine has no device). Index: primary keys.
SELECT p.attributes ->> 'route_id' AS route_id, p.attributes ->> 'section_id' AS section_id,
       p.attributes ->> 'machine_class' AS machine_class, p.attributes ->> 'source' AS source,
       p.attributes ->> 'vehicle' AS vehicle
FROM raw.plan_set AS s JOIN raw.plan AS p USING (file_id)
WHERE s.kind = 'assignments'
ORDER BY p.file_id, p.item
