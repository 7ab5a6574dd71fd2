-- Write the ploughs that are new or were heard again; a row that says the same stays.
-- Params: rows: a JSON array of objects with plough_id, observed_at, heading_deg, treatment, synthetic, lon, lat,
-- overdue_at, shown_until. Returns nothing; rows written count. NULL as in the read. Index: primary key.
INSERT INTO pub.ploughs AS old (plough_id, observed_at, heading_deg, treatment, synthetic, geom, overdue_at, shown_until)
SELECT plough_id, observed_at, heading_deg, treatment, synthetic, ST_SetSRID(ST_MakePoint(lon, lat), 4326), overdue_at,
       shown_until
FROM json_to_recordset(%(rows)s::json) AS p (
  plough_id text, observed_at timestamptz, heading_deg real, treatment text, synthetic boolean, lon float8, lat float8,
  overdue_at timestamptz, shown_until timestamptz)
ON CONFLICT (plough_id) DO UPDATE SET
  observed_at = excluded.observed_at, heading_deg = excluded.heading_deg, treatment = excluded.treatment,
  synthetic = excluded.synthetic, geom = excluded.geom, overdue_at = excluded.overdue_at,
  shown_until = excluded.shown_until
WHERE (old.observed_at, old.heading_deg, old.treatment, old.synthetic, old.overdue_at, old.shown_until)
  IS DISTINCT FROM (excluded.observed_at, excluded.heading_deg, excluded.treatment, excluded.synthetic,
                    excluded.overdue_at, excluded.shown_until)
