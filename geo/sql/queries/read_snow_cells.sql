-- Cells with roads of the newest network version, as the last run kept them.
-- Params: none. Returns cell, ascending; no rows: there is no network, or nobody looked since it changed.
-- Index: none, some thousands of rows.
SELECT cell FROM ops.snow_cell
WHERE network_version = (SELECT max(network_version) FROM net.version)
ORDER BY cell
