-- Whether the roads of a network version are made up. Params: network_version. Returns at most one row (is_synthetic).
-- Index: primary key.
SELECT is_synthetic FROM net.version WHERE network_version = %(network_version)s
