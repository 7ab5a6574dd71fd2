-- Keep what a try to fetch the picture of a camera gave; a failure keeps the picture that was there before.
-- Params: the columns by their names; image NULL: no other picture, fetched_at NULL: its server said nothing of it, the other
-- NULLs: not told; link_key: another one than that of the row drops the picture of the former address. Returns nothing. Nothing is written for a camera that is not published. Index: primary keys.
INSERT INTO pub.camera_image AS i (camera_id, image, width, height, etag, image_at, fetched_at, changed_at, tried_at, next_at,
                                   n_failures, problem, source_etag, source_modified, link_key)
SELECT %(camera_id)s, %(image)s, %(width)s, %(height)s, %(etag)s, %(image_at)s, %(fetched_at)s, %(fetched_at)s, %(tried_at)s,
       %(next_at)s, %(n_failures)s, %(problem)s, %(source_etag)s, %(source_modified)s, %(link_key)s
WHERE EXISTS (SELECT FROM pub.camera WHERE camera_id = %(camera_id)s)
ON CONFLICT (camera_id) DO UPDATE SET
  image = CASE WHEN excluded.image IS NULL AND i.link_key = excluded.link_key THEN i.image ELSE excluded.image END,
  width = CASE WHEN excluded.image IS NULL AND i.link_key = excluded.link_key THEN i.width ELSE excluded.width END,
  height = CASE WHEN excluded.image IS NULL AND i.link_key = excluded.link_key THEN i.height ELSE excluded.height END,
  etag = CASE WHEN excluded.image IS NULL AND i.link_key = excluded.link_key THEN i.etag ELSE excluded.etag END,
  image_at = CASE WHEN excluded.image IS NULL AND i.link_key = excluded.link_key
                  THEN coalesce(excluded.image_at, i.image_at) ELSE excluded.image_at END,
  fetched_at = CASE WHEN excluded.image IS NULL AND i.link_key = excluded.link_key
                    THEN coalesce(excluded.fetched_at, i.fetched_at) ELSE excluded.fetched_at END,
  changed_at = CASE WHEN i.link_key = excluded.link_key AND (excluded.image IS NULL OR i.etag = excluded.etag)
                    THEN i.changed_at ELSE excluded.changed_at END,
  source_etag = CASE WHEN excluded.image IS NULL AND i.link_key = excluded.link_key
                     THEN coalesce(excluded.source_etag, i.source_etag) ELSE excluded.source_etag END,
  source_modified = CASE WHEN excluded.image IS NULL AND i.link_key = excluded.link_key
                         THEN coalesce(excluded.source_modified, i.source_modified) ELSE excluded.source_modified END,
  tried_at = excluded.tried_at, next_at = excluded.next_at, n_failures = excluded.n_failures, problem = excluded.problem,
  link_key = excluded.link_key
