-- Machines at work. Params: as_of. Returns the columns of the catalogue and geom (EPSG:4326).
-- NULL as the catalogue says. Index: primary key; some hundreds of rows.
SELECT plough_id, observed_at, greatest(floor(extract(epoch FROM %(as_of)s::timestamptz - observed_at)), 0)::bigint AS age_s,
       %(as_of)s::timestamptz > overdue_at AS is_silent, heading_deg, treatment, synthetic, geom
FROM pub.ploughs
WHERE %(as_of)s::timestamptz <= shown_until
