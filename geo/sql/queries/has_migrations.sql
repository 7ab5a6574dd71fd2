-- Whether this database has ever been migrated. Params: none. Returns: one boolean, never NULL.
SELECT to_regclass('public.yuki_migration') IS NOT NULL
