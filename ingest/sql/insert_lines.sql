-- New lines; those that are there already stay as they are.
-- params: arrays of one length (vehicle_ids, ats, content_keys, blades, spreaders, works, treatments, wkbs in degrees),
-- file_id (NULL: live), batch_id. NULL in a flag or a treatment: not known. returns: a row for each line written.
-- index: primary key.
INSERT INTO raw.line (vehicle_id, at, content_key, blade, spreader, work, treatment, geom, file_id, batch_id)
SELECT vehicle_id, at, content_key, blade, spreader, work, treatment, ST_GeomFromWKB(wkb, 4326), %(file_id)s::bigint,
       %(batch_id)s::bigint
FROM unnest(%(vehicle_ids)s::integer[], %(ats)s::timestamptz[], %(content_keys)s::bigint[], %(blades)s::boolean[],
            %(spreaders)s::boolean[], %(works)s::boolean[], %(treatments)s::text[], %(wkbs)s::bytea[])
  AS given (vehicle_id, at, content_key, blade, spreader, work, treatment, wkb)
ON CONFLICT (vehicle_id, at, content_key) DO NOTHING
RETURNING vehicle_id
