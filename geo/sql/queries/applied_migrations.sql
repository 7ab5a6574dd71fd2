-- Migrations of this database. Params: none. Returns: name, sha256, never NULL. Index: none, a dozen rows.
SELECT name, sha256 FROM public.yuki_migration
