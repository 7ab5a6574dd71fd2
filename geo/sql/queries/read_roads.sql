-- All roads of some files, with longitude and latitude.
-- Params: file_ids bigint[]. Returns: rows in the order of source, file, item and part. Index: primary key of raw.road.
-- NULL in name, route, lanes, width_m, speed_mps: the source does not say.
SELECT f.source_id, r.external_id, r.name, r.route, r.manager, r.road_class, r.oneway, r.level, r.lanes, r.width_m,
       r.speed_mps, r.is_closed, st_asbinary(r.geom)
FROM raw.road AS r
JOIN raw.ingest_file AS f USING (file_id)
WHERE r.file_id = ANY(%(file_ids)s)
ORDER BY f.source_id, r.file_id, r.item, r.part
