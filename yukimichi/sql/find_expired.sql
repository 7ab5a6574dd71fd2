-- Which spans of vehicles overlap evidence that was deleted. Params: vehicle_ids, from_ats, to_ats (arrays of one length).
-- Returns vehicle_id, a row a span that does. Index: the exclusion of ops.evidence_expired.
SELECT w.vehicle_id
FROM unnest(%(vehicle_ids)s::integer[], %(from_ats)s::timestamptz[], %(to_ats)s::timestamptz[])
  AS w (vehicle_id, from_at, to_at)
WHERE ops.is_evidence_expired(w.vehicle_id, tstzrange(w.from_at, w.to_at, '[]'))
