-- Facts that touch a span of time, as known at a moment, with their evidence, for numpy.
-- Params: from_at, to_at; known_at ('infinity': all that is known now); vehicle_ids (NULL: all vehicles); kinds,
-- treatments, bases (the vocabularies in their order). treatment -1: not named. Index: pass_during.
COPY (
  SELECT p.pass_id, p.trace_id, p.seq, p.vehicle_id, p.edge_id, p.from_m, p.to_m, lower(p.during), upper(p.during),
         (array_position(%(kinds)s::text[], p.kind) - 1)::int2,
         (coalesce(array_position(%(treatments)s::text[], p.treatment), 0) - 1)::int2,
         (array_position(%(bases)s::text[], p.work_basis) - 1)::int2,
         p.confidence, p.first_fix_at, p.last_fix_at, p.n_fixes, p.network_version, p.is_provisional
  FROM ops.pass AS p
  WHERE p.during && tstzrange(%(from_at)s::timestamptz, %(to_at)s::timestamptz, '[]')
    AND p.recorded_at <= %(known_at)s::timestamptz
    AND (p.superseded_at IS NULL OR p.superseded_at > %(known_at)s::timestamptz)
    AND (%(vehicle_ids)s::integer[] IS NULL OR p.vehicle_id = ANY(%(vehicle_ids)s::integer[]))
) TO STDOUT (FORMAT binary)
