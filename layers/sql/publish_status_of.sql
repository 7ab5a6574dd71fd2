-- Write the status rows of some edges that differ from what is published (see publish_status.sql, which looks at all).
-- Params: edge_ids, event_id, default_reason, status_version. Returns nothing; rows written count.
-- snow_since_cm NULL: no snow series. Index: edge_status_now, primary keys.
WITH wanted AS (
  SELECT r.edge_id, coalesce(s.state, 'unknown') AS state, coalesce(s.reason, %(default_reason)s) AS reason,
         s.cleared_at, s.valid_until, s.observed_at, coalesce(s.covered_fraction, 0)::real AS covered_fraction,
         s.treatment, coalesce(s.work_basis, 'unknown') AS work_basis, coalesce(s.confidence, 0)::real AS confidence,
         s.source, r.synthetic OR coalesce(s.is_synthetic, false) AS synthetic
  FROM unnest(%(edge_ids)s::bigint[]) AS touched (edge_id)
  JOIN pub.roads AS r USING (edge_id)
  LEFT JOIN ops.edge_status AS s
    ON s.edge_id = r.edge_id AND s.superseded_at IS NULL AND s.event_id = %(event_id)s
), changed AS (
  SELECT w.* FROM wanted AS w LEFT JOIN pub.edge_status AS old USING (edge_id)
  WHERE old.edge_id IS NULL
     OR (old.state, old.reason, old.cleared_at, old.valid_until, old.observed_at, old.covered_fraction, old.treatment,
         old.work_basis, old.confidence, old.source, old.synthetic)
     IS DISTINCT FROM
        (w.state, w.reason, w.cleared_at, w.valid_until, w.observed_at, w.covered_fraction, w.treatment, w.work_basis,
         w.confidence, w.source, w.synthetic)
)
INSERT INTO pub.edge_status (edge_id, state, reason, cleared_at, valid_until, observed_at, covered_fraction, treatment,
                             work_basis, confidence, source, snow_since_cm, status_version, synthetic)
SELECT edge_id, state, reason, cleared_at, valid_until, observed_at, covered_fraction, treatment, work_basis,
       confidence, source, NULL, %(status_version)s, synthetic
FROM changed
ON CONFLICT (edge_id) DO UPDATE SET
  state = excluded.state, reason = excluded.reason, cleared_at = excluded.cleared_at,
  valid_until = excluded.valid_until, observed_at = excluded.observed_at,
  covered_fraction = excluded.covered_fraction, treatment = excluded.treatment, work_basis = excluded.work_basis,
  confidence = excluded.confidence, source = excluded.source, snow_since_cm = excluded.snow_since_cm,
  status_version = excluded.status_version, synthetic = excluded.synthetic
