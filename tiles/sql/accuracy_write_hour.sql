-- Keep what an hour looked like; the first look of an hour stays, whichever server process had it.
-- Params: the columns. Returns nothing. Index: primary key.
INSERT INTO app.accuracy_hour (at, has_event, n_edges, n_told, planned_m, cleared_m, clearing_m, uncleared_m, unknown_m,
                               under_1h_m, under_3h_m, under_6h_m, under_12h_m, older_m, none_m, synthetic)
VALUES (%(at)s, %(has_event)s, %(n_edges)s, %(n_told)s, %(planned_m)s, %(cleared_m)s, %(clearing_m)s, %(uncleared_m)s,
        %(unknown_m)s, %(under_1h_m)s, %(under_3h_m)s, %(under_6h_m)s, %(under_12h_m)s, %(older_m)s, %(none_m)s,
        %(synthetic)s)
ON CONFLICT (at) DO NOTHING
