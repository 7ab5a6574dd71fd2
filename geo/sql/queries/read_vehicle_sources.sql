-- Vehicles with what their source says of them.
-- Params: vehicle_ids. Returns vehicle_id, external_id, source, work_basis, treatment, is_synthetic.
-- work_basis NULL: the source does not say how work is known; treatment NULL: it names none. Index: primary keys.
SELECT v.vehicle_id, v.external_id, s.name AS source, s.work_basis, s.settings ->> 'treatment' AS treatment,
       s.is_synthetic
FROM raw.vehicle AS v JOIN raw.source AS s USING (source_id)
WHERE v.vehicle_id = ANY(%(vehicle_ids)s)
ORDER BY v.vehicle_id
