-- The one row that says what is published.
-- Params: the columns by their names. Returns nothing. The box is of all roads; a network without any has none, and
-- publish refuses it before. Index: primary key.
INSERT INTO pub.dataset (network_version, n_edges, is_synthetic, event_id, event_kind, event_name, reference_at, as_of,
                         status_version, network_key, plan_key, reference_key, west, south, east, north)
SELECT %(network_version)s, r.n_edges, %(is_synthetic)s, %(event_id)s, %(event_kind)s, %(event_name)s,
       %(reference_at)s, %(as_of)s, %(status_version)s, %(network_key)s, %(plan_key)s, %(reference_key)s,
       ST_XMin(r.box), ST_YMin(r.box), ST_XMax(r.box), ST_YMax(r.box)
FROM (SELECT count(*)::integer AS n_edges, ST_Extent(geom) AS box FROM pub.roads) AS r
ON CONFLICT (only_row) DO UPDATE SET
  network_version = excluded.network_version, n_edges = excluded.n_edges, is_synthetic = excluded.is_synthetic,
  event_id = excluded.event_id, event_kind = excluded.event_kind, event_name = excluded.event_name,
  reference_at = excluded.reference_at, as_of = excluded.as_of, status_version = excluded.status_version,
  network_key = excluded.network_key, plan_key = excluded.plan_key, reference_key = excluded.reference_key,
  west = excluded.west, south = excluded.south, east = excluded.east, north = excluded.north, published_at = now()
