-- Vehicles that have a fix between two moments, both inclusive.
-- params: vehicle_ids, from_ats, to_ats (arrays of one length). returns: vehicle_id. index: primary key of fix.
SELECT w.vehicle_id
FROM unnest(%(vehicle_ids)s::int[], %(from_ats)s::timestamptz[], %(to_ats)s::timestamptz[])
  AS w (vehicle_id, from_at, to_at)
WHERE EXISTS (SELECT FROM raw.fix AS f WHERE f.vehicle_id = w.vehicle_id AND f.at BETWEEN w.from_at AND w.to_at)
