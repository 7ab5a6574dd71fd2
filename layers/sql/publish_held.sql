-- The event and the version of what is published.
-- Params: none. Returns at most one row; none: nothing is published yet. Index: primary key.
SELECT event_id, event_kind, reference_at, status_version, as_of FROM pub.dataset
