-- Machines at work. Params: none. Returns the columns of the catalogue and geom (EPSG:4326).
-- NULL as the catalogue says. Index: primary key.
SELECT plough_id, observed_at, heading_deg, treatment, synthetic, geom FROM pub.ploughs
