-- Write the status rows that differ from what is published. An edge without a row of this event is unknown by the
-- default reason, and needs one pass. Rows are compared before they are written: an upsert of all would lock and log
-- every row.
-- Params: event_id, default_reason, status_version. Returns nothing; rows written count.
-- Index: edge_status_now; the tables of pub are read whole.
WITH wanted AS (
  SELECT r.edge_id, coalesce(s.state, 'unknown') AS state, coalesce(w.reason, s.reason, %(default_reason)s) AS reason,
         s.cleared_at, s.valid_until, s.observed_at, coalesce(s.covered_fraction, 0)::real AS covered_fraction,
         coalesce(s.passed_fraction, 0)::real AS passed_fraction, coalesce(s.passes_needed, 1)::int2 AS passes_needed,
         s.treatment, s.spread_at, s.sidewalk_at, s.restriction, coalesce(s.is_corrected, false) AS is_corrected,
         s.snow_cell, s.snow_at_clearing_cm, coalesce(s.work_basis, 'unknown') AS work_basis,
         coalesce(s.confidence, 0)::real AS confidence, s.source,
         r.synthetic OR coalesce(s.is_synthetic, false) AS synthetic
  FROM pub.roads AS r
  LEFT JOIN (SELECT edge_id, 'withheld' AS reason FROM pub.withheld_edge) AS w ON w.edge_id = r.edge_id
  LEFT JOIN ops.edge_status AS s
    ON s.edge_id = r.edge_id AND s.superseded_at IS NULL AND s.event_id = %(event_id)s AND w.edge_id IS NULL
), changed AS (
  SELECT w.* FROM wanted AS w LEFT JOIN pub.edge_status AS old USING (edge_id)
  WHERE old.edge_id IS NULL
     OR (old.state, old.reason, old.cleared_at, old.valid_until, old.observed_at, old.covered_fraction,
         old.passed_fraction, old.passes_needed, old.treatment, old.spread_at, old.sidewalk_at, old.restriction,
         old.is_corrected, old.snow_cell, old.snow_at_clearing_cm, old.work_basis, old.confidence, old.source,
         old.synthetic)
     IS DISTINCT FROM
        (w.state, w.reason, w.cleared_at, w.valid_until, w.observed_at, w.covered_fraction, w.passed_fraction,
         w.passes_needed, w.treatment, w.spread_at, w.sidewalk_at, w.restriction, w.is_corrected, w.snow_cell,
         w.snow_at_clearing_cm, w.work_basis, w.confidence, w.source, w.synthetic)
)
INSERT INTO pub.edge_status (edge_id, state, reason, cleared_at, valid_until, observed_at, covered_fraction,
                             passed_fraction, passes_needed, treatment, spread_at, sidewalk_at, restriction,
                             is_corrected, snow_cell, snow_at_clearing_cm, work_basis, confidence, source,
                             status_version, synthetic)
SELECT edge_id, state, reason, cleared_at, valid_until, observed_at, covered_fraction, passed_fraction, passes_needed,
       treatment, spread_at, sidewalk_at, restriction, is_corrected, snow_cell, snow_at_clearing_cm, work_basis,
       confidence, source, %(status_version)s, synthetic
FROM changed
ON CONFLICT (edge_id) DO UPDATE SET
  state = excluded.state, reason = excluded.reason, cleared_at = excluded.cleared_at,
  valid_until = excluded.valid_until, observed_at = excluded.observed_at,
  covered_fraction = excluded.covered_fraction, passed_fraction = excluded.passed_fraction,
  passes_needed = excluded.passes_needed, treatment = excluded.treatment, spread_at = excluded.spread_at,
  sidewalk_at = excluded.sidewalk_at, restriction = excluded.restriction, is_corrected = excluded.is_corrected,
  snow_cell = excluded.snow_cell, snow_at_clearing_cm = excluded.snow_at_clearing_cm, work_basis = excluded.work_basis,
  confidence = excluded.confidence, source = excluded.source, status_version = excluded.status_version,
  synthetic = excluded.synthetic
