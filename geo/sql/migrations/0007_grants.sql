-- Who reads and writes what: DESIGN's table, row by row. tests/geo/test_roles.py holds each cell against it.

-- geo as yuki_engine: reads raw, net, ops; writes net, ops. Facts: insert, and set superseded_at; no more.
GRANT USAGE ON SCHEMA raw, net, ops TO yuki_engine;
GRANT SELECT ON ALL TABLES IN SCHEMA raw TO yuki_engine;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA net TO yuki_engine;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA net, ops TO yuki_engine;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA ops TO yuki_engine;
GRANT UPDATE (superseded_at) ON ops.event, ops.assignment, ops.planned_pass, ops.trace, ops.pass, ops.unmatched,
  ops.coverage, ops.edge_status TO yuki_engine;
GRANT UPDATE (closed_at) ON ops.event TO yuki_engine;
GRANT UPDATE, DELETE ON ops.vehicle_state, ops.watermark TO yuki_engine;
GRANT EXECUTE ON FUNCTION ops.refresh_statistics() TO yuki_engine;

-- priority alone as yuki_score: reads social besides.
GRANT USAGE ON SCHEMA raw, net, ops, social TO yuki_score;
GRANT SELECT ON ALL TABLES IN SCHEMA raw, net, ops, social TO yuki_score;

-- ingest: writes raw, and social for statistics; reads keys.
GRANT USAGE ON SCHEMA raw, social, app TO yuki_ingest;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA raw TO yuki_ingest;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA raw TO yuki_ingest;
GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA social TO yuki_ingest;
GRANT SELECT ON app.api_key TO yuki_ingest;
GRANT EXECUTE ON FUNCTION raw.ensure_fix_partition(date) TO yuki_ingest;

-- layers: reads net and ops, writes pub and mgr.
GRANT USAGE ON SCHEMA net, ops, pub, mgr TO yuki_publish;
GRANT SELECT ON ALL TABLES IN SCHEMA net, ops TO yuki_publish;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA pub, mgr TO yuki_publish;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA pub, mgr TO yuki_publish;
GRANT EXECUTE ON FUNCTION pub.refresh_statistics() TO yuki_publish;

-- tiles: the public reader, the manager's reader, and its own state.
GRANT USAGE ON SCHEMA pub TO yuki_reader, yuki_manager;
GRANT SELECT ON ALL TABLES IN SCHEMA pub TO yuki_reader, yuki_manager;
GRANT USAGE ON SCHEMA mgr TO yuki_manager;
GRANT SELECT ON ALL TABLES IN SCHEMA mgr TO yuki_manager;
GRANT USAGE ON SCHEMA app TO yuki_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA app TO yuki_app;
REVOKE UPDATE, DELETE ON app.audit FROM yuki_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA app TO yuki_app;

-- portal: its own schema and nothing else.
GRANT USAGE ON SCHEMA portal TO yuki_portal;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA portal TO yuki_portal;
