-- Passes on some edges of an event up to a moment, as known now, for numpy.
-- Params: edge_ids, reference_at, as_of: a pass counts that began and ended between them; kinds, treatments, bases (the
-- vocabularies in their order). treatment -1: not named. Index: pass_edge.
COPY (
  SELECT p.edge_id, p.from_m, p.to_m, lower(p.during), upper(p.during),
         (array_position(%(kinds)s::text[], p.kind) - 1)::int2,
         (coalesce(array_position(%(treatments)s::text[], p.treatment), 0) - 1)::int2,
         (array_position(%(bases)s::text[], p.work_basis) - 1)::int2,
         p.confidence, v.source_id, p.is_synthetic, p.trace_id, p.seq
  FROM ops.pass AS p JOIN raw.vehicle AS v USING (vehicle_id)
  WHERE p.edge_id = ANY(%(edge_ids)s) AND p.superseded_at IS NULL
    AND lower(p.during) >= %(reference_at)s::timestamptz
) TO STDOUT (FORMAT binary)
