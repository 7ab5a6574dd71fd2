-- A new network version; the hash of its artefact follows when the artefact is written.
-- Params: content_sha256, crs_epsg, n_nodes, n_edges, is_synthetic, report. Returns: network_version.
INSERT INTO net.version (content_sha256, crs_epsg, n_nodes, n_edges, artefact_sha256, is_synthetic, report)
VALUES (%(content_sha256)s, %(crs_epsg)s, %(n_nodes)s, %(n_edges)s, ''::bytea, %(is_synthetic)s, %(report)s)
RETURNING network_version
