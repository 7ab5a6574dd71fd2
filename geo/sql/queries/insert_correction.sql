-- A correction of work by hand. Params: vehicle_id, from_at, to_at (exclusive), kind, treatment (NULL: not named), author,
-- reason. Returns correction_id.
INSERT INTO ops.work_correction (vehicle_id, during, kind, treatment, author, reason)
VALUES (%(vehicle_id)s, tstzrange(%(from_at)s, %(to_at)s, '[)'), %(kind)s, %(treatment)s, %(author)s, %(reason)s)
RETURNING correction_id
