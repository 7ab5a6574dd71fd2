-- One schema a stage, one writing role each (docs/data-model.md has the picture).
-- raw -> net -> ops -> pub | mgr; social, app and portal stand apart. Roles are made by 0001 where they are missing,
-- so that a cluster that serves several databases can share them.

CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS btree_gist;

DO $$
DECLARE role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['yuki_engine', 'yuki_score', 'yuki_ingest', 'yuki_publish', 'yuki_reader',
                                   'yuki_manager', 'yuki_app', 'yuki_portal']
  LOOP
    IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = role_name) THEN
      EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE', role_name);
    END IF;
    EXECUTE format('GRANT %I TO %I', role_name, current_user);
  END LOOP;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  -- another database of the cluster made the same roles at this moment
  NULL;
END $$;

CREATE SCHEMA raw;
CREATE SCHEMA net;
CREATE SCHEMA ops;
CREATE SCHEMA pub;
CREATE SCHEMA mgr;
CREATE SCHEMA social;
CREATE SCHEMA app;
CREATE SCHEMA portal;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO PUBLIC; -- PostGIS functions live there
