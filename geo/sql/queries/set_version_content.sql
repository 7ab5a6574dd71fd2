-- The newest version stands for these road sets too: they were read again and no piece differs.
-- Params: network_version, content_sha256, is_synthetic, report. Returns: nothing. Index: primary key.
UPDATE net.version
SET content_sha256 = %(content_sha256)s, is_synthetic = %(is_synthetic)s, report = %(report)s
WHERE network_version = %(network_version)s
