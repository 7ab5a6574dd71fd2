-- The hash of the arrays on disk.
-- Params: network_version, artefact_sha256. Returns: nothing. Index: primary key.
UPDATE net.version SET artefact_sha256 = %(artefact_sha256)s WHERE network_version = %(network_version)s
