-- Fixes of batches of the vehicles of one worker, for numpy.
-- Params: batch_ids, first_at, last_at (span of their times), worker, n_workers, treatments (the vocabulary in its
-- order). Unknown is NaN for a measure and -1 for a flag or treatment. Index: fix_batch of the partitions in the span.
COPY (
  SELECT f.vehicle_id, f.at, f.lon, f.lat, coalesce(f.heading_deg, 'NaN'), coalesce(f.speed_mps, 'NaN'),
         coalesce(f.accuracy_m, 'NaN'), coalesce(f.blade::integer, -1)::int2, coalesce(f.spreader::integer, -1)::int2,
         coalesce(f.work::integer, -1)::int2,
         CASE WHEN f.treatment IS NULL THEN -1
              ELSE coalesce(array_position(%(treatments)s::text[], f.treatment), 0) - 1 END::int2,
         f.received_at
  FROM raw.fix AS f
  WHERE f.batch_id = ANY(%(batch_ids)s) AND f.at BETWEEN %(first_at)s::timestamptz AND %(last_at)s::timestamptz
    AND f.vehicle_id %% %(n_workers)s = %(worker)s
) TO STDOUT (FORMAT binary)
