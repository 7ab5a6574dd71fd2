-- What is published now, asked for about twice a second.
-- Params: none. Returns at most one row; none: nothing is published yet. Index: primary key.
SELECT network_version, n_edges, is_synthetic, event_id, event_kind, event_name, reference_at, as_of, status_version,
       network_key, plan_key, reference_key, places_key, withheld_version, west, south, east, north, published_at
FROM pub.dataset
