-- What is expected of each device of one worker, heard or never heard.
-- Params: as_of, is_event (boolean: a storm or a callout is open), worker, n_workers. Returns vehicle_id, source,
-- vehicle, cadence_s (as agreed; NULL: nothing is), is_called_out, is_shift_over, is_synthetic, last_line_at (of its
-- last ready line; NULL: it sent none); by vehicle_id. Index: primary keys; a look a vehicle.
SELECT v.vehicle_id, s.name AS source, v.external_id AS vehicle, (s.settings ->> 'cadence_s')::float8 AS cadence_s,
       %(is_event)s::boolean AND EXISTS (
         SELECT FROM ops.assignment AS a
         WHERE a.vehicle_id = v.vehicle_id AND a.superseded_at IS NULL AND a.during @> %(as_of)s::timestamptz
       ) AS is_called_out,
       coalesce(w.is_shift_over, false) AS is_shift_over, s.is_synthetic,
       (SELECT max(l.at) FROM raw.line AS l
        WHERE l.vehicle_id = v.vehicle_id AND l.at <= %(as_of)s::timestamptz) AS last_line_at
FROM raw.vehicle AS v
JOIN raw.source AS s USING (source_id)
LEFT JOIN ops.vehicle_state AS w USING (vehicle_id)
WHERE v.vehicle_id %% %(n_workers)s = %(worker)s
ORDER BY v.vehicle_id
