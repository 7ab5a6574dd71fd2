-- What there is to publish: the newest network, the run that the current status rows describe, and content keys.
-- Params: none. Returns one row; network_version NULL: no network yet; event_id from the newest cover run of that
-- network, or the newest open event (the standing watch at least) when nothing was assessed yet; as_of NULL then.
-- Keys are order-independent sums of row hashes. Indexes: primary keys; plan_edge and reference are read whole.
WITH network AS (
  SELECT network_version, is_synthetic, left(encode(content_sha256, 'hex'), 10) AS network_key
  FROM net.version ORDER BY network_version DESC LIMIT 1
), run AS (
  SELECT cover_run.event_id, cover_run.as_of
  FROM ops.cover_run JOIN network USING (network_version)
  ORDER BY cover_run.cover_run_id DESC LIMIT 1
), open_event AS (
  SELECT event_id FROM ops.event
  WHERE superseded_at IS NULL AND closed_at IS NULL
  ORDER BY (kind = 'standing'), reference_at DESC, event_id DESC LIMIT 1
), event AS (
  SELECT event_id, kind, name, reference_at
  FROM ops.event WHERE event_id = coalesce((SELECT event_id FROM run), (SELECT event_id FROM open_event))
), plan_row AS (
  SELECT concat_ws('|', route_id, 's', section_id, edge_id, from_m, to_m) AS content
  FROM net.plan_edge WHERE network_version = (SELECT network_version FROM network)
  UNION ALL
  SELECT concat_ws('|', 'route', route_id, name, route_class, manager, target_time, callout_depth_cm,
                   is_priority_network, laid_m, is_synthetic, md5(ST_AsBinary(geom)))
  FROM net.plough_route
  UNION ALL
  SELECT concat_ws('|', 'section', section_id, name, manager, laid_m, is_synthetic, md5(ST_AsBinary(geom)))
  FROM net.work_section
), plan AS (
  SELECT md5(coalesce(sum(hashtextextended(content, 0)), 0)::text) AS plan_key FROM plan_row
), reference AS (
  SELECT md5(coalesce(sum(hashtextextended(concat_ws('|', layer, feature_id, name, attributes::text, is_synthetic,
                                                      md5(ST_AsBinary(geom))), 0)), 0)::text) AS reference_key
  FROM net.reference
)
SELECT network.network_version, network.is_synthetic, network.network_key, left(plan.plan_key, 10) AS plan_key,
       left(reference.reference_key, 10) AS reference_key, event.event_id, event.kind AS event_kind,
       event.name AS event_name, event.reference_at, (SELECT as_of FROM run) AS as_of
FROM plan CROSS JOIN reference LEFT JOIN network ON true LEFT JOIN event ON true
