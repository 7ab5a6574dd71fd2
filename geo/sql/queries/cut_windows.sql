-- Windows of matching, cut to where raw.fix is complete. A window reaches from the trace before the new fixes, its
-- context, to the one after them; where the fixes of a context were moved to the archive or deleted, the window begins
-- after that trace, and never before the last span that raw.fix lacks. Where new fixes, or a trace that they could
-- amend, lie in such a span, the vehicle has no row and has to wait; if others of its new fixes come well after that,
-- its window holds those alone. Traces of lines have no fixes and are not meant.
-- Params: vehicle_ids, from_ats, to_ats (spans of the new fixes), gap (interval): silence that ends a trace.
-- Returns vehicle_id, from_at, to_at, both inclusive; NULL: there is no end.
-- Indexes: trace_vehicle, the exclusion of ops.evidence_expired.
WITH archived AS (
  SELECT range_agg(tstzrange(day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC')) AS at
  FROM raw.archive_day WHERE restored_at IS NULL
), given AS (
  SELECT w.*, tstzrange(w.from_at - %(gap)s::interval, w.to_at + %(gap)s::interval, '[]') AS near,
         coalesce(a.at, '{}'::tstzmultirange)
           + coalesce((SELECT range_agg(e.during) FROM ops.evidence_expired AS e WHERE e.vehicle_id = w.vehicle_id),
                      '{}'::tstzmultirange) AS lacking
  FROM unnest(%(vehicle_ids)s::integer[], %(from_ats)s::timestamptz[], %(to_ats)s::timestamptz[])
    AS w (vehicle_id, from_at, to_at)
  CROSS JOIN archived AS a
), ends AS (
  SELECT g.*,
         (SELECT t.during FROM ops.trace AS t
          WHERE t.vehicle_id = g.vehicle_id AND t.superseded_at IS NULL AND t.n_fixes > 0 AND t.during << g.near
          ORDER BY lower(t.during) DESC LIMIT 1) AS before,
         (SELECT t.during FROM ops.trace AS t
          WHERE t.vehicle_id = g.vehicle_id AND t.superseded_at IS NULL AND t.n_fixes > 0 AND t.during >> g.near
          ORDER BY upper(t.during) LIMIT 1) AS after,
         (SELECT max(upper(s)) FROM unnest(g.lacking) AS s WHERE s << g.near) AS lacking_until,
         (SELECT min(lower(s)) FROM unnest(g.lacking) AS s WHERE s >> g.near) AS lacking_from,
         -- the end of what new fixes have to wait for; NULL: of nothing
         greatest((SELECT max(upper(s)) FROM unnest(g.lacking) AS s WHERE s && g.near),
                  (SELECT max(upper(t.during)) + interval '1 microsecond' FROM ops.trace AS t
                   WHERE t.vehicle_id = g.vehicle_id AND t.superseded_at IS NULL AND t.n_fixes > 0
                     AND t.during && g.near AND t.during && g.lacking)) AS waits_until
  FROM given AS g
)
SELECT vehicle_id,
       coalesce(waits_until,
                greatest(CASE WHEN before && lacking THEN upper(before) + interval '1 microsecond'
                              ELSE lower(before) END,
                         lacking_until)) AS from_at,
       least(CASE WHEN after && lacking THEN lower(after) - interval '1 microsecond' ELSE upper(after) END,
             lacking_from - interval '1 microsecond') AS to_at
FROM ends
WHERE waits_until IS NULL OR (from_at < waits_until AND to_at > waits_until + %(gap)s::interval)
ORDER BY vehicle_id
