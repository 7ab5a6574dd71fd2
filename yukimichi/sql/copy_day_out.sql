-- Fixes of vehicles on a UTC day, for numpy. Params: day, vehicle_ids, treatments (the vocabulary in its order).
-- Unknown is NaN for a measure and -1 for a flag, a treatment or a file. A treatment that the vocabulary lacks comes as
-- NULL, which the reader refuses. Index: primary key of the partition.
COPY (
  SELECT vehicle_id, at, lon, lat, coalesce(heading_deg, 'NaN'), coalesce(speed_mps, 'NaN'),
         coalesce(accuracy_m, 'NaN'), coalesce(blade::integer, -1)::int2, coalesce(spreader::integer, -1)::int2,
         coalesce(work::integer, -1)::int2,
         CASE WHEN treatment IS NULL THEN -1
              ELSE array_position(%(treatments)s::text[], treatment) - 1 END::int2,
         received_at, coalesce(file_id, -1), content_key, batch_id
  FROM raw.fix
  WHERE at >= %(day)s::date::timestamp AT TIME ZONE 'UTC' AND at < (%(day)s::date + 1)::timestamp AT TIME ZONE 'UTC'
    AND vehicle_id = ANY(%(vehicle_ids)s)
) TO STDOUT (FORMAT binary)
