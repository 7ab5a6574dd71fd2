-- Where ploughs start and stop stays hidden in the passes too, and the audit log is found by key.

-- How far from depots, first and last stops nothing of a machine is published, and what silence ends a shift: written
-- with every whole publication from config.yml, so that whatever publishes goes by the same.
CREATE TABLE mgr.mask (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  mask_m double precision NOT NULL CHECK (mask_m >= 0),
  shift_gap_min double precision NOT NULL CHECK (shift_gap_min > 0)
);

-- Passes that wait until their machine has gone away from them: where it is now may be its last stop.
CREATE TABLE mgr.held_pass (
  pass_id bigint PRIMARY KEY,
  vehicle_id integer NOT NULL
);
CREATE INDEX held_pass_vehicle ON mgr.held_pass (vehicle_id);

-- Which of some passes are masked: on a road within mask_m of a depot, of the first stop of their shift, or of the place
-- that their machine has come to in it (the last stop, once the shift is over). A shift is the traces of a vehicle
-- without a silence of more than shift_gap_min between them; it is looked at from a day before the passes to a day after.
-- Whole roads are hidden, so that no circle of known radius is left to be centred.
-- Returns pass_id, vehicle_id, may_wait (true: hidden by nothing but the place come to in the newest shift).
-- Roads are measured in degrees first: one of longitude has 50 km or more up to 63 degrees of latitude.
-- Indexes: primary keys, piece_geom, trace_vehicle, pass_now.
CREATE FUNCTION pub.masked_passes(candidates bigint[])
RETURNS TABLE (pass_id bigint, vehicle_id integer, may_wait boolean)
LANGUAGE sql STABLE AS $$
  WITH mask AS MATERIALIZED (
    SELECT coalesce(max(m.mask_m), 200) AS mask_m, coalesce(max(m.mask_m), 200) / 50000.0 AS mask_deg,
           make_interval(secs => coalesce(max(m.shift_gap_min), 180) * 60) AS gap
    FROM mgr.mask AS m
  ), candidate AS MATERIALIZED (
    SELECT p.pass_id, p.trace_id, p.vehicle_id, p.during, n.piece_id, n.geom
    FROM unnest(candidates) AS c (pass_id)
    JOIN ops.pass AS p USING (pass_id) JOIN net.piece AS n ON n.piece_id = p.edge_id >> 1
  ), vehicle AS (
    SELECT c.vehicle_id, min(lower(c.during)) - interval '1 day' AS from_at,
           max(upper(c.during)) + interval '1 day' AS to_at
    FROM candidate AS c GROUP BY c.vehicle_id
  ), trace AS (
    SELECT t.vehicle_id, t.trace_id, t.during,
           coalesce(lower(t.during) - max(upper(t.during)) OVER (
             PARTITION BY t.vehicle_id ORDER BY lower(t.during), t.trace_id
             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) > mask.gap, true) AS is_first
    FROM mask, vehicle AS v
    JOIN ops.trace AS t ON t.vehicle_id = v.vehicle_id AND t.during && tstzrange(v.from_at, v.to_at, '[]')
                       AND t.superseded_at IS NULL
  ), numbered AS (
    SELECT t.vehicle_id, t.trace_id, t.during,
           count(*) FILTER (WHERE t.is_first) OVER (PARTITION BY t.vehicle_id ORDER BY lower(t.during), t.trace_id)
             AS shift
    FROM trace AS t
  ), driven AS (
    -- first and last pass of each trace; one of which nothing was matched has none
    SELECT n.vehicle_id, n.shift, n.trace_id, n.during, f.place AS first_place, l.place AS last_place
    FROM numbered AS n
    CROSS JOIN LATERAL (
      SELECT ST_LineInterpolatePoint(w.geom, least(CASE WHEN p.edge_id & 1 = 1 THEN p.to_m ELSE p.from_m END
                                                   / w.length_m, 1)) AS place
      FROM ops.pass AS p JOIN net.piece AS w ON w.piece_id = p.edge_id >> 1
      WHERE p.trace_id = n.trace_id AND p.superseded_at IS NULL ORDER BY p.seq LIMIT 1
    ) AS f
    CROSS JOIN LATERAL (
      SELECT ST_LineInterpolatePoint(w.geom, least(CASE WHEN p.edge_id & 1 = 1 THEN p.from_m ELSE p.to_m END
                                                   / w.length_m, 1)) AS place
      FROM ops.pass AS p JOIN net.piece AS w ON w.piece_id = p.edge_id >> 1
      WHERE p.trace_id = n.trace_id AND p.superseded_at IS NULL ORDER BY p.seq DESC LIMIT 1
    ) AS l
  ), shift AS (
    SELECT d.vehicle_id, d.shift, (array_agg(d.first_place ORDER BY lower(d.during), d.trace_id))[1] AS first_stop,
           (array_agg(d.last_place ORDER BY lower(d.during) DESC, d.trace_id DESC))[1] AS last_stop,
           d.shift = max(d.shift) OVER (PARTITION BY d.vehicle_id) AS is_newest
    FROM driven AS d GROUP BY d.vehicle_id, d.shift
  ), near_depot AS MATERIALIZED (
    SELECT DISTINCT n.piece_id
    FROM mask, net.depot AS d
    JOIN net.piece AS n ON n.geom && ST_Expand(d.geom, (SELECT m.mask_deg FROM mask AS m))
    WHERE ST_DWithin(n.geom::geography, d.geom::geography, mask.mask_m)
  ), judged AS (
    SELECT c.pass_id, c.vehicle_id, s.is_newest,
           c.piece_id IN (SELECT d.piece_id FROM near_depot AS d)
             OR coalesce(c.geom && ST_Expand(s.first_stop, mask.mask_deg)
                         AND ST_DWithin(c.geom::geography, s.first_stop::geography, mask.mask_m), false) AS is_hidden,
           coalesce(c.geom && ST_Expand(s.last_stop, mask.mask_deg)
                    AND ST_DWithin(c.geom::geography, s.last_stop::geography, mask.mask_m), false) AS is_held
    FROM mask, candidate AS c
    LEFT JOIN numbered AS n ON n.trace_id = c.trace_id AND n.vehicle_id = c.vehicle_id
    LEFT JOIN shift AS s ON s.vehicle_id = n.vehicle_id AND s.shift = n.shift
  )
  SELECT j.pass_id, j.vehicle_id, NOT j.is_hidden AND coalesce(j.is_newest, false)
  FROM judged AS j WHERE j.is_hidden OR j.is_held
$$;
REVOKE ALL ON FUNCTION pub.masked_passes(bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pub.masked_passes(bigint[]) TO yuki_publish;

-- What was published before this rule was there.
DELETE FROM pub.passes WHERE pass_id IN (SELECT pass_id FROM pub.masked_passes(ARRAY(SELECT pass_id FROM pub.passes)));

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON mgr.mask, mgr.held_pass TO yuki_publish;
GRANT SELECT ON mgr.mask, mgr.held_pass TO yuki_manager;

-- Who read what is asked for by key and by what was done.
CREATE INDEX audit_key ON app.audit (key_id, audit_id DESC) WHERE key_id IS NOT NULL;
CREATE INDEX audit_action ON app.audit (action, audit_id DESC);
