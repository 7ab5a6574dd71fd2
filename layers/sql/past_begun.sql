-- Begin a span for each edge that a publication wrote, that is more than unknown by default, and that has none open.
-- Params: event_id, as_of, since, default_reason, as in past_gone.sql; past_ended.sql comes before. Returns nothing;
-- rows written count. Indexes: edge_status_version, status_past_open, primary keys.
INSERT INTO pub.status_past (event_id, edge_id, from_at, state, reason, cleared_at, valid_until, observed_at,
                             covered_fraction, passed_fraction, treatment, spread_at, sidewalk_at, restriction,
                             is_corrected, work_basis, confidence, source, synthetic)
SELECT %(event_id)s, s.edge_id, %(as_of)s, s.state, s.reason, s.cleared_at, s.valid_until, s.observed_at,
       s.covered_fraction, s.passed_fraction, s.treatment, s.spread_at, s.sidewalk_at, s.restriction, s.is_corrected,
       s.work_basis, s.confidence, s.source, s.synthetic
FROM pub.edge_status AS s
WHERE s.status_version >= %(since)s
  AND NOT (s.state = 'unknown' AND s.reason = %(default_reason)s AND s.observed_at IS NULL AND s.restriction IS NULL)
  AND NOT EXISTS (SELECT FROM pub.status_past AS p
                  WHERE p.event_id = %(event_id)s AND p.edge_id = s.edge_id AND p.to_at IS NULL)
