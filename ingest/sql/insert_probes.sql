-- Positions of other vehicles. params: source_id, now, probes (bytea), ats, lons, lats, headings_deg, speeds_mps (arrays of
-- one length; NULL: not known). returns: a row for each that was not there yet. index: probe_pkey.
INSERT INTO raw.probe (probe, at, lon, lat, heading_deg, speed_mps, source_id, received_at)
SELECT p.probe, p.at, p.lon, p.lat, p.heading_deg, p.speed_mps, %(source_id)s, %(now)s
FROM unnest(%(probes)s::bytea[], %(ats)s::timestamptz[], %(lons)s::float8[], %(lats)s::float8[],
            %(headings_deg)s::float4[], %(speeds_mps)s::float4[]) AS p (probe, at, lon, lat, heading_deg, speed_mps)
ON CONFLICT (probe, at) DO NOTHING
RETURNING 1
