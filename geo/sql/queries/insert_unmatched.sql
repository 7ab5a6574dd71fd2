-- One unmatched stretch: its fixes as points, longitude and latitude.
-- Params: trace_id, vehicle_id, from_at, to_at, n_fixes, reason, wkb. Returns nothing.
INSERT INTO ops.unmatched (trace_id, vehicle_id, during, n_fixes, reason, geom)
VALUES (%(trace_id)s, %(vehicle_id)s, tstzrange(%(from_at)s, %(to_at)s, '[]'), %(n_fixes)s, %(reason)s,
        ST_GeomFromWKB(%(wkb)s, 4326))
