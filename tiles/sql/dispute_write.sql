-- Write a dispute. Params: the columns, geom as EWKB. Returns the number, or no row where the same token or the same
-- number is there already. NULL as the table says. Indexes: primary key, the unique token_sha256.
INSERT INTO app.dispute (dispute_id, token_sha256, received_at, seen_at, edge_id, direction, state_seen, comment,
                         shown_state, shown_reason, shown_cleared_at, shown_valid_until, shown_observed_at,
                         shown_covered_fraction, shown_work_basis, shown_confidence, shown_snow_since_cm, event_id,
                         status_version, then_state, then_reason, name, route, manager, municipality, road_class,
                         route_id, section_id, network_version, synthetic, geom)
VALUES (%(dispute_id)s, %(token_sha256)s, %(received_at)s, %(seen_at)s, %(edge_id)s, %(direction)s, %(state_seen)s,
        %(comment)s, %(state)s, %(reason)s, %(cleared_at)s, %(valid_until)s, %(observed_at)s, %(covered_fraction)s,
        %(work_basis)s, %(confidence)s, %(snow_since_cm)s, %(event_id)s, %(status_version)s, %(then_state)s,
        %(then_reason)s, %(name)s, %(route)s, %(manager)s, %(municipality)s, %(road_class)s, %(route_id)s,
        %(section_id)s, %(network_version)s, %(synthetic)s, ST_GeomFromEWKB(%(ewkb)s))
ON CONFLICT DO NOTHING
RETURNING dispute_id
