-- The newest run of the cover stage. Params: none. Returns event_id, as_of, network_version; no row: it never ran.
-- Index: primary key.
SELECT event_id, as_of, network_version FROM ops.cover_run ORDER BY cover_run_id DESC LIMIT 1
