-- The status rows that hold now, for numpy.
-- Params: edge_ids (NULL: all), states, reasons, treatments, bases, restrictions (the vocabularies in their order).
-- NULL: -infinity for a time, -1 for a treatment, a restriction, a source, a snow cell or its snow; -2 is a road manager
-- as source. Index: edge_status_now.
COPY (
  SELECT s.edge_id, s.event_id, (array_position(%(states)s::text[], s.state) - 1)::int2,
         (array_position(%(reasons)s::text[], s.reason) - 1)::int2, coalesce(s.cleared_at, '-infinity'),
         coalesce(s.valid_until, '-infinity'), coalesce(s.observed_at, '-infinity'), s.covered_fraction,
         s.passed_fraction, s.passes_needed,
         (coalesce(array_position(%(treatments)s::text[], s.treatment), 0) - 1)::int2,
         (array_position(%(bases)s::text[], s.work_basis) - 1)::int2, s.confidence,
         CASE WHEN s.is_corrected THEN -2 ELSE coalesce(r.source_id, -1) END,
         coalesce(s.spread_at, '-infinity'), coalesce(s.sidewalk_at, '-infinity'),
         (coalesce(array_position(%(restrictions)s::text[], s.restriction), 0) - 1)::int2, s.is_corrected,
         coalesce(s.snow_cell, -1), coalesce(s.snow_at_clearing_cm, -1), s.network_version, s.is_synthetic
  FROM ops.edge_status AS s LEFT JOIN raw.source AS r ON r.name = s.source
  WHERE s.superseded_at IS NULL AND (%(edge_ids)s::bigint[] IS NULL OR s.edge_id = ANY(%(edge_ids)s::bigint[]))
) TO STDOUT (FORMAT binary)
