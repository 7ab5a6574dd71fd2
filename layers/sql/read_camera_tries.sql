-- How the last tries to fetch pictures went.
-- Params: none. Returns (camera_id, next_at, n_failures, link_key, source_etag, source_modified); a published camera that
-- was never tried has NULL in all but its id. Index: primary keys.
SELECT c.camera_id, i.next_at, i.n_failures, i.link_key, i.source_etag, i.source_modified
FROM pub.camera AS c LEFT JOIN pub.camera_image AS i USING (camera_id)
