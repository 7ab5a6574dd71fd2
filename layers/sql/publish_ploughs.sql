-- Write the ploughs that are new or were heard again; a row that says the same stays.
-- Params: arrays of one length: plough_id, observed_at, heading_deg, treatment, synthetic, lon, lat, overdue_at,
-- shown_until. Returns nothing; rows written count. NULL as in the read. Index: primary key.
INSERT INTO pub.ploughs AS old (plough_id, observed_at, heading_deg, treatment, synthetic, geom, overdue_at, shown_until)
SELECT plough_id, observed_at, heading_deg, treatment, synthetic, ST_SetSRID(ST_MakePoint(lon, lat), 4326), overdue_at,
       shown_until
FROM unnest(%(plough_id)s::text[], %(observed_at)s::timestamptz[], %(heading_deg)s::real[], %(treatment)s::text[],
            %(synthetic)s::boolean[], %(lon)s::float8[], %(lat)s::float8[], %(overdue_at)s::timestamptz[],
            %(shown_until)s::timestamptz[])
  AS p (plough_id, observed_at, heading_deg, treatment, synthetic, lon, lat, overdue_at, shown_until)
ON CONFLICT (plough_id) DO UPDATE SET
  observed_at = excluded.observed_at, heading_deg = excluded.heading_deg, treatment = excluded.treatment,
  synthetic = excluded.synthetic, geom = excluded.geom, overdue_at = excluded.overdue_at,
  shown_until = excluded.shown_until
WHERE (old.observed_at, old.heading_deg, old.treatment, old.synthetic, old.overdue_at, old.shown_until)
  IS DISTINCT FROM (excluded.observed_at, excluded.heading_deg, excluded.treatment, excluded.synthetic,
                    excluded.overdue_at, excluded.shown_until)
