-- Every order for managers, with what does not fit the roads. Params: none. Returns nothing; rows written count.
-- starts_at, ends_at NULL: it was ended before it began (both), or holds until further notice (ends_at); the rest NULL as
-- in ops.road_order. Index: road_order_now.
INSERT INTO mgr.orders (order_id, kind, restriction, state, starts_at, ends_at, manager, is_everywhere, planned_m, laid_m,
                        misfit, reason, is_reason_public, author, synthetic, geom)
SELECT order_id, kind, restriction, state, lower(during), upper(during), manager, is_everywhere, planned_m, laid_m, misfit,
       reason, is_reason_public, author, is_synthetic, geom
FROM ops.road_order WHERE superseded_at IS NULL
