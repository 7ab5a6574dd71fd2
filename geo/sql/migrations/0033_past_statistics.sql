-- When an event opens, its first thousand spans are nothing that the statistics know: for a minute, until autovacuum
-- comes by, each publication read all of them for every edge that had changed. yuki_publish calls this after it has
-- begun many spans at once; only an owner may analyse.
CREATE FUNCTION pub.refresh_past_statistics() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  ANALYZE pub.status_past, pub.edge_status;
END $$;
REVOKE ALL ON FUNCTION pub.refresh_past_statistics() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pub.refresh_past_statistics() TO yuki_publish;
