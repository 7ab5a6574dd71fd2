-- Spans of vehicles in which facts, traces, corrections or evidence changed since a moment.
-- Params: since ('-infinity': ever). Returns vehicle_id, from_at, to_at, one row a vehicle and UTC day.
-- Indexes: pass_recorded, pass_superseded; the others are read whole.
WITH changed AS (
  SELECT vehicle_id, during FROM ops.pass WHERE recorded_at >= %(since)s::timestamptz
  UNION ALL
  SELECT vehicle_id, during FROM ops.pass WHERE superseded_at >= %(since)s::timestamptz
  UNION ALL
  SELECT vehicle_id, during FROM ops.trace
  WHERE recorded_at >= %(since)s::timestamptz OR superseded_at >= %(since)s::timestamptz
  UNION ALL
  SELECT vehicle_id, during FROM ops.work_correction
  WHERE recorded_at >= %(since)s::timestamptz OR superseded_at >= %(since)s::timestamptz
  UNION ALL
  SELECT vehicle_id, during FROM ops.evidence_expired WHERE recorded_at >= %(since)s::timestamptz
)
SELECT vehicle_id, min(lower(during)) AS from_at, max(upper(during)) AS to_at
FROM changed GROUP BY vehicle_id, date_trunc('day', lower(during))
