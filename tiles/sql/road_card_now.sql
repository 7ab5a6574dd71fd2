-- States of some edges as they are stored: whoever tells them says that a clearing has run out at its valid_until. Snow as
-- in collections/road_status.sql. first_cleared_at: the first clearing in this event that was published, though time or
-- snow may have taken it back.
-- Params: edge_ids. Returns a row an edge. NULL: no such moment; snow_since_cm: not known, which is not zero.
-- Indexes: primary keys of pub.edge_status, pub.snow_cell and pub.status_past.
SELECT s.edge_id, s.state, s.reason, s.cleared_at, s.valid_until, s.observed_at, s.covered_fraction, s.passed_fraction,
       s.passes_needed, s.treatment, s.spread_at, s.sidewalk_at, s.restriction, s.is_corrected, s.work_basis,
       s.confidence, s.source, s.synthetic,
       CASE WHEN f.total_cm IS NOT NULL AND s.snow_at_clearing_cm IS NOT NULL AND s.cleared_at IS NOT NULL
            THEN round(greatest(f.total_cm - s.snow_at_clearing_cm, 0)::numeric, 1)::float8 END AS snow_since_cm,
       CASE WHEN s.cleared_at IS NULL THEN NULL
            WHEN f.total_cm IS NULL OR s.snow_at_clearing_cm IS NULL THEN 'missing' ELSE f.basis END AS snow_basis,
       CASE WHEN s.reason <> 'withheld'
            THEN least(t.cleared_at, s.cleared_at) END AS first_cleared_at
FROM pub.edge_status AS s
CROSS JOIN pub.dataset AS d
LEFT JOIN pub.snow_cell AS f ON f.cell = s.snow_cell AND f.event_id = d.event_id AND f.reference_at = d.reference_at
CROSS JOIN LATERAL (
  SELECT min(p.cleared_at) AS cleared_at FROM pub.status_past AS p
  WHERE p.event_id = d.event_id AND p.edge_id = s.edge_id
) AS t
WHERE s.edge_id = ANY (%(edge_ids)s::bigint[])
