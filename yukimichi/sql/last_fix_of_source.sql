-- Time of the last fix that a source has sent. Params: source (text). Returns: one timestamptz; NULL: it sent none.
-- Index: primary key of raw.fix, one look a vehicle and day.
SELECT max(last_at)
FROM raw.source AS s JOIN raw.vehicle AS v USING (source_id)
CROSS JOIN LATERAL (SELECT max(f.at) AS last_at FROM raw.fix AS f WHERE f.vehicle_id = v.vehicle_id) AS one
WHERE s.name = %(source)s
