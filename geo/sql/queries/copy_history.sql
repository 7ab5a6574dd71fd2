-- Facts that were recorded, or superseded, in a span of time, with both moments, for numpy.
-- Params: since, until ('-infinity', 'infinity': open; until itself is outside), after_pass_id, to_pass_id (the span of
-- ids looked at), kinds, treatments, bases (the vocabularies in their order). treatment -1: not named; superseded_at
-- infinity: it holds. Index: pass_recorded and pass_superseded, or the primary key.
COPY (
  SELECT p.edge_id, p.from_m, p.to_m, lower(p.during), upper(p.during), p.recorded_at,
         coalesce(p.superseded_at, 'infinity'), p.trace_id, p.pass_id, p.seq, v.source_id, p.confidence,
         (array_position(%(kinds)s::text[], p.kind) - 1)::int2,
         (coalesce(array_position(%(treatments)s::text[], p.treatment), 0) - 1)::int2,
         (array_position(%(bases)s::text[], p.work_basis) - 1)::int2, p.is_synthetic
  FROM ops.pass AS p JOIN raw.vehicle AS v USING (vehicle_id)
  WHERE (p.recorded_at >= %(since)s::timestamptz AND p.recorded_at < %(until)s::timestamptz
         OR p.superseded_at >= %(since)s::timestamptz AND p.superseded_at < %(until)s::timestamptz)
    AND p.pass_id > %(after_pass_id)s AND p.pass_id <= %(to_pass_id)s
) TO STDOUT (FORMAT binary)
