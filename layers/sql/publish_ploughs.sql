-- Write one plough.
-- Params: plough_id, observed_at, heading_deg, treatment, synthetic, lon, lat, overdue_at, shown_until. Returns nothing.
-- NULL as in the read.
INSERT INTO pub.ploughs (plough_id, observed_at, heading_deg, treatment, synthetic, geom, overdue_at, shown_until)
VALUES (%(plough_id)s, %(observed_at)s, %(heading_deg)s, %(treatment)s, %(synthetic)s,
        ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326), %(overdue_at)s, %(shown_until)s)
