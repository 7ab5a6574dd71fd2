-- What plans and devices say of each edge that a route or a section holds for plan_share of its length or more.
-- Params: network_version, as_of, silent (interval), plan_share, known_at ('infinity': all that is known now).
-- Returns edge_id, has_device: a machine with a device is assigned to it at as_of, is_healthy: one of those devices
-- had a fix in the last `silent` before as_of. Indexes: primary keys of raw.fix; the plan tables are read whole.
COPY (
  WITH machine AS (
    SELECT a.route_id, a.section_id, a.vehicle_id IS NOT NULL AS has_device,
           EXISTS (SELECT FROM raw.fix AS f
                   WHERE f.vehicle_id = a.vehicle_id
                     AND f.at BETWEEN %(as_of)s::timestamptz - %(silent)s::interval AND %(as_of)s::timestamptz)
             AS is_healthy
    FROM ops.assignment AS a
    WHERE a.during @> %(as_of)s::timestamptz AND a.recorded_at <= %(known_at)s::timestamptz
      AND (a.superseded_at IS NULL OR a.superseded_at > %(known_at)s::timestamptz)
  ), area AS (
    SELECT 'route' AS kind, route_id AS id, bool_or(has_device) AS has_device, bool_or(is_healthy) AS is_healthy
    FROM machine WHERE route_id IS NOT NULL GROUP BY route_id
    UNION ALL
    SELECT 'section', section_id, bool_or(has_device), bool_or(is_healthy)
    FROM machine WHERE section_id IS NOT NULL GROUP BY section_id
  ), held AS (
    SELECT edge_id, CASE WHEN route_id IS NULL THEN 'section' ELSE 'route' END AS kind,
           coalesce(route_id, section_id) AS id, sum(to_m - from_m) AS held_m
    FROM net.plan_edge WHERE network_version = %(network_version)s
    GROUP BY edge_id, route_id, section_id
  )
  SELECT held.edge_id, coalesce(bool_or(area.has_device), false), coalesce(bool_or(area.is_healthy), false)
  FROM held
  JOIN net.piece AS p ON p.piece_id = held.edge_id >> 1 AND held.held_m >= %(plan_share)s::float8 * p.length_m
  LEFT JOIN area ON area.kind = held.kind AND area.id = held.id
  GROUP BY held.edge_id
) TO STDOUT (FORMAT binary)
