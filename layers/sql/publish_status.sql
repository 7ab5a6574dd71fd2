-- Write the status rows that changed. An edge without a row of this event is unknown by the default reason.
-- Params: event_id, default_reason, status_version. Returns nothing; rows written count.
-- snow_since_cm NULL: no snow series. Index: edge_status_now, primary key of pub.edge_status.
INSERT INTO pub.edge_status AS old (edge_id, state, reason, cleared_at, valid_until, observed_at, covered_fraction,
                                    treatment, work_basis, confidence, source, snow_since_cm, status_version,
                                    synthetic)
SELECT r.edge_id, coalesce(s.state, 'unknown'), coalesce(s.reason, %(default_reason)s), s.cleared_at, s.valid_until,
       s.observed_at, coalesce(s.covered_fraction, 0), s.treatment, coalesce(s.work_basis, 'unknown'),
       coalesce(s.confidence, 0), s.source, NULL, %(status_version)s, r.synthetic OR coalesce(s.is_synthetic, false)
FROM pub.roads AS r
LEFT JOIN ops.edge_status AS s
  ON s.edge_id = r.edge_id AND s.superseded_at IS NULL AND s.event_id = %(event_id)s
ON CONFLICT (edge_id) DO UPDATE SET
  state = excluded.state, reason = excluded.reason, cleared_at = excluded.cleared_at,
  valid_until = excluded.valid_until, observed_at = excluded.observed_at,
  covered_fraction = excluded.covered_fraction, treatment = excluded.treatment, work_basis = excluded.work_basis,
  confidence = excluded.confidence, source = excluded.source, snow_since_cm = excluded.snow_since_cm,
  status_version = excluded.status_version, synthetic = excluded.synthetic
WHERE (old.state, old.reason, old.cleared_at, old.valid_until, old.observed_at, old.covered_fraction, old.treatment,
       old.work_basis, old.confidence, old.source, old.synthetic)
  IS DISTINCT FROM
      (excluded.state, excluded.reason, excluded.cleared_at, excluded.valid_until, excluded.observed_at,
       excluded.covered_fraction, excluded.treatment, excluded.work_basis, excluded.confidence, excluded.source,
       excluded.synthetic)
