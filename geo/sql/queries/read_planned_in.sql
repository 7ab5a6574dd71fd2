-- Planned passes whose window overlaps a span, as known at a moment.
-- Params: from_at, to_at (both inclusive), known_at ('infinity': all that is known now). Returns planned_pass_id,
-- route_id, section_id, treatment, from_at, to_at, is_synthetic; by begin, route, section and treatment.
-- route_id or section_id NULL: not for one; treatment NULL: any work; Index: none, a small table.
SELECT planned_pass_id, route_id, section_id, treatment, lower(during) AS from_at, upper(during) AS to_at, is_synthetic
FROM ops.planned_pass
WHERE during && tstzrange(%(from_at)s::timestamptz, %(to_at)s::timestamptz, '[]')
  AND recorded_at <= %(known_at)s::timestamptz
  AND (superseded_at IS NULL OR superseded_at > %(known_at)s::timestamptz)
ORDER BY 5, route_id, section_id, treatment, planned_pass_id
