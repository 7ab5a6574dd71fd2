-- What is published. Params: none. Returns network_version, event_kind, event_name, reference_at, as_of, published_at,
-- n_ploughs; no row: nothing is. Index: none, one row.
SELECT d.network_version, d.event_kind, d.event_name, d.reference_at, d.as_of, d.published_at,
       (SELECT count(*) FROM pub.ploughs) AS n_ploughs
FROM pub.dataset AS d
