-- Corrections of work by hand that touch a span of time, as known at a moment, in the order in which they were made.
-- Params: from_at, to_at, known_at ('infinity': all that is known now), vehicle_ids (NULL: all). Returns correction_id,
-- vehicle_id, lower, upper, kind, treatment (NULL: not named), author, reason, recorded_at. Index: work_correction_during.
SELECT correction_id, vehicle_id, lower(during), upper(during), kind, treatment, author, reason, recorded_at
FROM ops.work_correction
WHERE ends IS NULL AND during && tstzrange(%(from_at)s::timestamptz, %(to_at)s::timestamptz, '[]')
  AND recorded_at <= %(known_at)s::timestamptz
  AND (superseded_at IS NULL OR superseded_at > %(known_at)s::timestamptz)
  AND (%(vehicle_ids)s::integer[] IS NULL OR vehicle_id = ANY(%(vehicle_ids)s::integer[]))
ORDER BY correction_id
