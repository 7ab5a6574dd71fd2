-- Every order, for managers only. Params: as_of. Returns the columns of the catalogue and geom (EPSG:4326;
-- NULL: it names a manager, or all roads). NULL as the catalogue says. Index: primary key.
SELECT order_id, kind, restriction, state, starts_at, ends_at,
       coalesce(starts_at <= %(as_of)s::timestamptz AND coalesce(ends_at > %(as_of)s::timestamptz, true), false)
         AS is_active,
       %(as_of)s::timestamptz AS as_of, manager, is_everywhere, planned_m, laid_m, misfit, reason, is_reason_public,
       author, synthetic, geom
FROM mgr.orders
