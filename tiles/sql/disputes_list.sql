-- Disputes for who runs the service, the newest first.
-- Params: since (NULL: from the first on), waiting_only, most. Returns the columns of mgr.disputes without offices and
-- shape, and lon, lat of the road's middle. NULL as the catalogue says. Index: dispute_received.
SELECT dispute_id, received_at, seen_at, edge_id, direction, name, route, road_class, manager, municipality, state_seen,
       comment, has_photo, shown_state, shown_reason, shown_cleared_at, shown_confidence, shown_snow_since_cm, then_state,
       then_reason, decision, decision_reason, decided_at, decided_by, synthetic,
       round(ST_X(m.middle)::numeric, 6)::float8 AS lon, round(ST_Y(m.middle)::numeric, 6)::float8 AS lat
FROM mgr.disputes CROSS JOIN LATERAL (SELECT ST_LineInterpolatePoint(geom, 0.5) AS middle) AS m
WHERE (%(since)s::timestamptz IS NULL OR received_at >= %(since)s::timestamptz)
  AND (NOT %(waiting_only)s::boolean OR decision IS NULL)
ORDER BY received_at DESC, dispute_id DESC LIMIT %(most)s::bigint
