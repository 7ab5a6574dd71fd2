-- Cameras with what is known of their newest picture. is_late: no picture within the last three intervals, by the
-- picture's own time where its server tells it. Params: as_of. Returns the columns of the catalogue and geom (EPSG:4326).
-- NULL as the catalogue says. Indexes: primary keys; a small table.
SELECT c.camera_id, c.name, c.name_en, c.road, c.interval_s,
       CASE WHEN i.etag IS NOT NULL THEN '/cameras/' || c.camera_id || '/image' END AS image,
       i.image_at, i.fetched_at, i.changed_at,
       i.etag IS NULL OR least(i.fetched_at, i.image_at) IS NULL
         OR least(i.fetched_at, i.image_at) < %(as_of)s::timestamptz - make_interval(secs => 3 * c.interval_s) AS is_late,
       i.problem, %(as_of)s::timestamptz AS as_of, c.source, c.licence, c.attribution, c.synthetic, c.geom
FROM pub.camera AS c LEFT JOIN pub.camera_image AS i USING (camera_id)
