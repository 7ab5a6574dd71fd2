-- All fixes of vehicles on a UTC day were deleted, or are about to be. Params: vehicle_ids, day. Returns nothing; rows
-- count. What is marked already stays. Index: the exclusion of ops.evidence_expired.
INSERT INTO ops.evidence_expired (vehicle_id, during)
SELECT vehicle_id, tstzrange(%(day)s::date::timestamp AT TIME ZONE 'UTC', (%(day)s::date + 1)::timestamp AT TIME ZONE 'UTC')
FROM unnest(%(vehicle_ids)s::integer[]) AS vehicle_id
ON CONFLICT DO NOTHING
