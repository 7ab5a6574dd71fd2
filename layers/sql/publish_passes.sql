-- Publish passes that are not published yet, as stretches of road, without any id of vehicle or trace.
-- Params: since: passes that ended before do not count; known_at: only those recorded from then on (-infinity: all), and
-- those that were held back. Returns nothing; rows written count. A stretch is cut in the plane CRS of its network, in
-- which its metres were measured; a whole piece is not cut. treatment NULL: not told.
-- Indexes: pass_recorded, pass_during, primary keys, those of pub.masked_passes.
-- Near depots and first and last stops nothing is published (pub.masked_passes); what may be told once its machine has
-- gone on waits in mgr.held_pass.
-- What a publication stop withholds is left out, as pub.is_withheld says it, but set by set: that function is for few.
-- What is new is settled whole before the first row is written: a look into pub.passes for each row, under statistics
-- of an empty table, reads the growing table again and again.
WITH fresh AS MATERIALIZED (
  (SELECT pass_id FROM ops.pass
   WHERE superseded_at IS NULL AND recorded_at >= %(known_at)s::timestamptz AND during && tstzrange(%(since)s, NULL)
   UNION
   SELECT h.pass_id FROM mgr.held_pass AS h JOIN ops.pass AS p USING (pass_id) WHERE p.superseded_at IS NULL)
  EXCEPT
  SELECT pass_id FROM pub.passes
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
