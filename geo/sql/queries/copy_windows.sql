-- The span of fixes that has to be cleaned again with new ones: from the start of the last trace that ends well before
-- them to the end of the first trace that starts well after them; those two are context and come out unchanged.
-- Traces of lines, which have no fixes, are not meant. An open trace has no end yet: its row lags behind its fixes.
-- Params: vehicle_ids, from_ats, to_ats (arrays of one length), gap (interval): silence that ends a trace.
-- Returns vehicle_id, from_at, to_at, both inclusive; -infinity and infinity where there is no such trace.
-- Index: trace_vehicle.
COPY (
  SELECT w.vehicle_id,
         coalesce((SELECT max(lower(t.during)) FROM ops.trace AS t
                   WHERE t.vehicle_id = w.vehicle_id AND t.superseded_at IS NULL AND t.n_fixes > 0
                     AND t.during << tstzrange(w.from_at - %(gap)s::interval, NULL)), '-infinity'),
         coalesce((SELECT min(CASE WHEN t.is_provisional THEN 'infinity' ELSE upper(t.during) END) FROM ops.trace AS t
                   WHERE t.vehicle_id = w.vehicle_id AND t.superseded_at IS NULL AND t.n_fixes > 0
                     AND t.during >> tstzrange(NULL, w.to_at + %(gap)s::interval, '(]')), 'infinity')
  FROM unnest(%(vehicle_ids)s::integer[], %(from_ats)s::timestamptz[], %(to_ats)s::timestamptz[])
    AS w (vehicle_id, from_at, to_at)
  ORDER BY w.vehicle_id
) TO STDOUT (FORMAT binary)
