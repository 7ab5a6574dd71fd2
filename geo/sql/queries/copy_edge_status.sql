-- The status rows that hold now, for numpy.
-- Params: edge_ids (NULL: all), states, reasons, treatments, bases (the vocabularies in their order). NULL: -infinity for
-- a time, -1 for a treatment or a source. Index: edge_status_now.
COPY (
  SELECT s.edge_id, s.event_id, (array_position(%(states)s::text[], s.state) - 1)::int2,
         (array_position(%(reasons)s::text[], s.reason) - 1)::int2, coalesce(s.cleared_at, '-infinity'),
         coalesce(s.valid_until, '-infinity'), coalesce(s.observed_at, '-infinity'), s.covered_fraction,
         (coalesce(array_position(%(treatments)s::text[], s.treatment), 0) - 1)::int2,
         (array_position(%(bases)s::text[], s.work_basis) - 1)::int2, s.confidence, coalesce(r.source_id, -1),
         s.network_version, s.is_synthetic
  FROM ops.edge_status AS s LEFT JOIN raw.source AS r ON r.name = s.source
  WHERE s.superseded_at IS NULL AND (%(edge_ids)s::bigint[] IS NULL OR s.edge_id = ANY(%(edge_ids)s::bigint[]))
) TO STDOUT (FORMAT binary)
