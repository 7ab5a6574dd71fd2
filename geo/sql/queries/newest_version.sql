-- The newest network version.
-- Params: none. Returns: one row, or none before the first network. Index: primary key of net.version.
SELECT network_version, content_sha256, crs_epsg, artefact_sha256, report
FROM net.version
ORDER BY network_version DESC
LIMIT 1
