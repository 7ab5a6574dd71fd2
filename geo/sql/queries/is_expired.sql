-- Whether the evidence of facts was deleted. Params: pass_ids. Returns pass_id and is_expired, never NULL; an id that is
-- no fact has no row. Indexes: primary key of ops.pass, the exclusion of ops.evidence_expired.
SELECT pass_id, ops.is_evidence_expired(vehicle_id, tstzrange(lower(during), upper(during), '[]')) AS is_expired
FROM ops.pass WHERE pass_id = ANY(%(pass_ids)s)
