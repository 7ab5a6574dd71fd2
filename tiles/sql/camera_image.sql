-- The newest picture of a camera.
-- Params: camera_id text. Returns (interval_s, image, etag, image_at, fetched_at, changed_at, next_at, problem), or no row
-- where there is no such camera; all but interval_s NULL: never tried; image and etag NULL: none to show; image_at NULL: its
-- server does not tell it. Index: primary keys.
SELECT c.interval_s, i.image, i.etag, i.image_at, i.fetched_at, i.changed_at, i.next_at, i.problem
FROM pub.camera AS c LEFT JOIN pub.camera_image AS i USING (camera_id)
WHERE c.camera_id = %(camera_id)s
