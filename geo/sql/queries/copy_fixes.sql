-- Fixes of vehicles in their windows, for numpy.
-- Params: vehicle_ids, from_ats, to_ats (inclusive), treatments (the vocabulary in its order). Unknown is NaN for a
-- measure and -1 for a flag or treatment. Index: primary key of each partition.
COPY (
  SELECT f.vehicle_id, f.at, f.lon, f.lat, coalesce(f.heading_deg, 'NaN'), coalesce(f.speed_mps, 'NaN'),
         coalesce(f.accuracy_m, 'NaN'), coalesce(f.blade::integer, -1)::int2, coalesce(f.spreader::integer, -1)::int2,
         coalesce(f.work::integer, -1)::int2,
         CASE WHEN f.treatment IS NULL THEN -1
              ELSE coalesce(array_position(%(treatments)s::text[], f.treatment), 0) - 1 END::int2
  FROM unnest(%(vehicle_ids)s::integer[], %(from_ats)s::timestamptz[], %(to_ats)s::timestamptz[])
    AS w (vehicle_id, from_at, to_at)
  JOIN raw.fix AS f ON f.vehicle_id = w.vehicle_id AND f.at BETWEEN w.from_at AND w.to_at
) TO STDOUT (FORMAT binary)
