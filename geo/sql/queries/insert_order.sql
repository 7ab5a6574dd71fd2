-- How an order stands now. Params: the columns by their names; begins_at, ends_at (NULL: until further notice; equal to
-- begins_at: it never holds); geom in hex EWKB or NULL. Returns nothing.
INSERT INTO ops.road_order (order_id, entry_id, kind, restriction, state, during, planned_m, laid_m, misfit, manager,
                            is_everywhere, reason, is_reason_public, author, network_version, is_synthetic, geom)
VALUES (%(order_id)s, %(entry_id)s, %(kind)s, %(restriction)s, %(state)s,
        tstzrange(%(begins_at)s, %(ends_at)s, '[)'), %(planned_m)s, %(laid_m)s, %(misfit)s, %(manager)s,
        %(is_everywhere)s, %(reason)s, %(is_reason_public)s, %(author)s, %(network_version)s, %(is_synthetic)s,
        %(geom)s::geometry)
