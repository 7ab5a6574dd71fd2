-- Kilometre posts of the network version, on edges that traffic may use. pub.kilometre_post is empty before.
-- Params: network_version. Returns nothing; rows written count. Indexes: primary keys.
INSERT INTO pub.kilometre_post (route, km, edge_id, geom)
SELECT k.route, k.km, k.edge_id, k.geom
FROM net.kmpost AS k JOIN pub.roads AS r USING (edge_id) WHERE k.network_version = %(network_version)s
ORDER BY k.route, k.km, k.edge_id
