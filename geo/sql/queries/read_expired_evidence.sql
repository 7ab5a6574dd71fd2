-- Spans whose evidence was deleted and that touch a span of time.
-- Params: from_at, to_at. Returns vehicle_id, lower, upper. Index: the exclusion constraint's.
SELECT vehicle_id, lower(during), upper(during) FROM ops.evidence_expired
WHERE during && tstzrange(%(from_at)s::timestamptz, %(to_at)s::timestamptz, '[]')
