-- One network version.
-- Params: network_version integer. Returns: one row or none. Index: primary key of net.version.
SELECT network_version, content_sha256, crs_epsg, artefact_sha256, report
FROM net.version
WHERE network_version = %(network_version)s
