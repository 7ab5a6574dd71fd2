-- The newest network version. Params: none. Returns: one integer; NULL where no roads have been built. Index: primary key.
SELECT max(network_version) FROM net.version
