-- State of each edge at a moment of the past, as it was published then or as the facts told it later: the columns of
-- road_status.sql. The event is the one of pub.past_span at that moment (what is known from facts before what was
-- published); no row at all: nothing is told of that moment. What is withheld now is withheld in the past too. What is
-- cleared or being cleared is unknown (expired) from its valid_until on; the other direction likewise.
-- Params: as_of (the moment asked for), state_ja (jsonb: state -> Japanese name). Returns the columns of the catalogue
-- and geom (EPSG:4326). NULL as the catalogue says; snow since a clearing is not kept of the past: it is missing.
-- Indexes: primary keys of pub.roads, pub.status_past, pub.edge_status and pub.withheld_edge, past_span_from, roads_geom.
WITH span AS MATERIALIZED (
  SELECT event_id, reference_at, synthetic,
         CASE event_kind WHEN 'standing' THEN 'no_event' ELSE 'not_on_plan' END AS default_reason
  FROM pub.past_span
  WHERE from_at <= %(as_of)s::timestamptz AND (to_at IS NULL OR to_at > %(as_of)s::timestamptz)
  ORDER BY known_at IS NULL, reference_at DESC, event_id DESC LIMIT 1
)
SELECT r.edge_id, r.name, r.route, r.manager, CASE WHEN r.is_reversed THEN 'backward' ELSE 'forward' END AS direction,
       r.municipality, r.road_class, round(r.length_m::numeric, 2)::float8 AS length_m,
       n.state, %(state_ja)s::jsonb ->> n.state AS state_ja, n.reason,
       CASE WHEN other.edge_id IS NULL THEN NULL
            WHEN o.edge_id IS NULL OR hidden_o.edge_id IS NOT NULL
                 OR (o.state IN ('cleared', 'clearing') AND o.valid_until <= %(as_of)s::timestamptz) THEN 'unknown'
            ELSE o.state END AS other_side,
       p.restriction, coalesce(p.is_corrected, false) AS is_corrected, span.event_id, span.reference_at, p.cleared_at,
       floor(extract(epoch FROM %(as_of)s::timestamptz - p.cleared_at))::bigint AS cleared_age_s, p.valid_until,
       p.observed_at, %(as_of)s::timestamptz AS as_of,
       floor(extract(epoch FROM %(as_of)s::timestamptz - p.observed_at))::bigint AS age_s,
       coalesce(p.covered_fraction, 0)::real AS covered_fraction,
       coalesce(p.passed_fraction, 0)::real AS passed_fraction, coalesce(s.passes_needed, 1)::int2 AS passes_needed,
       p.treatment, p.spread_at, p.sidewalk_at, NULL::float8 AS snow_since_cm,
       CASE WHEN p.cleared_at IS NOT NULL THEN 'missing' END AS snow_basis,
       coalesce(p.work_basis, 'unknown') AS work_basis, coalesce(p.confidence, 0)::real AS confidence, p.source,
       r.route_id, r.section_id, r.network_version,
       r.synthetic OR span.synthetic OR coalesce(p.synthetic, false) AS synthetic, r.geom
FROM pub.roads AS r
CROSS JOIN span
LEFT JOIN pub.withheld_edge AS hidden ON hidden.edge_id = r.edge_id
LEFT JOIN pub.status_past AS p
  ON p.event_id = span.event_id AND p.edge_id = r.edge_id AND p.from_at <= %(as_of)s::timestamptz
     AND (p.to_at IS NULL OR p.to_at > %(as_of)s::timestamptz) AND hidden.edge_id IS NULL
LEFT JOIN pub.edge_status AS s ON s.edge_id = r.edge_id
LEFT JOIN pub.roads AS other ON other.edge_id = r.edge_id # 1
LEFT JOIN pub.withheld_edge AS hidden_o ON hidden_o.edge_id = r.edge_id # 1
LEFT JOIN pub.status_past AS o
  ON o.event_id = span.event_id AND o.edge_id = other.edge_id AND o.from_at <= %(as_of)s::timestamptz
     AND (o.to_at IS NULL OR o.to_at > %(as_of)s::timestamptz)
CROSS JOIN LATERAL (SELECT p.state IN ('cleared', 'clearing')
                           AND p.valid_until <= %(as_of)s::timestamptz AS is_expired) AS x
CROSS JOIN LATERAL (
  SELECT CASE WHEN p.edge_id IS NULL OR x.is_expired THEN 'unknown' ELSE p.state END AS state,
         CASE WHEN hidden.edge_id IS NOT NULL THEN 'withheld' WHEN p.edge_id IS NULL THEN span.default_reason
              WHEN x.is_expired THEN 'expired' ELSE p.reason END AS reason
) AS n
