-- A run of the cover stage. Params: event_id, as_of, n_changed, network_version. Returns nothing.
INSERT INTO ops.cover_run (event_id, as_of, n_changed, network_version)
VALUES (%(event_id)s, %(as_of)s, %(n_changed)s, %(network_version)s)
