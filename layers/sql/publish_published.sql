-- What is published now.
-- Params: none. Returns at most one row; none: nothing is published yet. Index: primary key.
SELECT network_key, plan_key, reference_key, event_id, status_version, as_of, published_at
FROM pub.dataset
