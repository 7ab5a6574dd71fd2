-- Publish some passes, and those of their machines that were held back, as stretches of road, without any id of vehicle or
-- trace (see publish_passes.sql).
-- Params: pass_ids; touched_ids: these and those that hold no longer; since: passes that ended before do not count. Returns nothing; rows written count.
-- What a publication stop withholds is left out (see publish_passes.sql). treatment NULL: not told.
-- Index: primary keys, held_pass_vehicle, those of pub.masked_passes.
WITH fresh AS MATERIALIZED (
  SELECT p.pass_id FROM ops.pass AS p
  WHERE p.superseded_at IS NULL AND upper(p.during) >= %(since)s::timestamptz
    AND p.pass_id IN (
      SELECT unnest(%(pass_ids)s::bigint[])
      UNION
      SELECT h.pass_id FROM mgr.held_pass AS h
      WHERE h.vehicle_id IN (SELECT q.vehicle_id FROM ops.pass AS q WHERE q.pass_id = ANY(%(touched_ids)s::bigint[])))
), masked AS MATERIALIZED (
  SELECT pass_id, vehicle_id, may_wait FROM pub.masked_passes(ARRAY(SELECT pass_id FROM fresh))
), waits AS (
  INSERT INTO mgr.held_pass (pass_id, vehicle_id)
  SELECT pass_id, vehicle_id FROM masked WHERE may_wait
  ON CONFLICT (pass_id) DO NOTHING
), settled AS (
  DELETE FROM mgr.held_pass AS h
  WHERE h.pass_id IN (SELECT f.pass_id FROM fresh AS f EXCEPT SELECT m.pass_id FROM masked AS m WHERE m.may_wait)
)
INSERT INTO pub.passes (pass_id, edge_id, is_reversed, from_m, to_m, started_at, ended_at, kind, status, treatment,
                        work_basis, confidence, matcher_version, network_version, is_provisional, synthetic, geom)
SELECT p.pass_id, p.edge_id, p.edge_id & 1 = 1, p.from_m, p.to_m, lower(p.during), upper(p.during), p.kind, p.status,
       p.treatment, p.work_basis, p.confidence, p.matcher_version, p.network_version, p.is_provisional,
       p.is_synthetic,
       CASE WHEN p.from_m <= 0 AND p.to_m >= n.length_m THEN n.geom
            ELSE ST_Transform(ST_LineSubstring(ST_Transform(n.geom, v.crs_epsg),
                                               least(p.from_m / n.length_m, 1), least(p.to_m / n.length_m, 1)), 4326)
       END
FROM fresh
JOIN ops.pass AS p USING (pass_id)
JOIN net.piece AS n ON n.piece_id = p.edge_id >> 1
JOIN net.version AS v ON v.network_version = p.network_version
WHERE p.from_m < n.length_m
  AND p.pass_id NOT IN (SELECT m.pass_id FROM masked AS m)
  AND NOT EXISTS (SELECT FROM pub.withheld_edge AS w WHERE w.edge_id IN (p.edge_id, p.edge_id # 1))
  AND (NOT (SELECT EXISTS (SELECT FROM pub.withheld_edge))
       OR EXISTS (SELECT FROM pub.roads AS r WHERE r.piece_id = n.piece_id))
ON CONFLICT (pass_id) DO NOTHING
