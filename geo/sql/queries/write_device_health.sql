-- The health of many devices at once; rows that say the same stay untouched.
-- Params: arrays of one length by the names of the columns, reasons with commas between them; memory_version,
-- recorded_at. Returns nothing; rows written count. NULL as in ops.device_health. Index: primary key.
INSERT INTO ops.device_health AS old (vehicle_id, source, vehicle, last_fix_at, last_received_at, agreed_cadence_s,
                                      cadence_s, clock_skew_s, overdue_s, reasons, reasons_ja, is_called_out,
                                      is_synthetic, memory, memory_version, recorded_at)
SELECT n.vehicle_id, n.source, n.vehicle, n.last_fix_at, n.last_received_at, n.agreed_cadence_s, n.cadence_s,
       n.clock_skew_s, n.overdue_s, string_to_array(n.reasons, ','), n.reasons_ja, n.is_called_out, n.is_synthetic,
       n.memory, %(memory_version)s, %(recorded_at)s::timestamptz
FROM unnest(
  %(vehicle_id)s::integer[], %(source)s::text[], %(vehicle)s::text[], %(last_fix_at)s::timestamptz[],
  %(last_received_at)s::timestamptz[], %(agreed_cadence_s)s::real[], %(cadence_s)s::real[], %(clock_skew_s)s::real[],
  %(overdue_s)s::real[], %(reasons)s::text[], %(reasons_ja)s::text[], %(is_called_out)s::boolean[],
  %(is_synthetic)s::boolean[], %(memory)s::bytea[]
) AS n (vehicle_id, source, vehicle, last_fix_at, last_received_at, agreed_cadence_s, cadence_s, clock_skew_s,
        overdue_s, reasons, reasons_ja, is_called_out, is_synthetic, memory)
ON CONFLICT (vehicle_id) DO UPDATE SET
  source = excluded.source, vehicle = excluded.vehicle, last_fix_at = excluded.last_fix_at,
  last_received_at = excluded.last_received_at, agreed_cadence_s = excluded.agreed_cadence_s,
  cadence_s = excluded.cadence_s, clock_skew_s = excluded.clock_skew_s, overdue_s = excluded.overdue_s,
  reasons = excluded.reasons, reasons_ja = excluded.reasons_ja, is_called_out = excluded.is_called_out,
  is_synthetic = excluded.is_synthetic, memory = excluded.memory, memory_version = excluded.memory_version,
  recorded_at = excluded.recorded_at
WHERE (old.source, old.vehicle, old.last_fix_at, old.agreed_cadence_s, old.overdue_s, old.reasons, old.is_called_out, old.is_synthetic,
       old.memory, old.memory_version)
  IS DISTINCT FROM
  (excluded.source, excluded.vehicle, excluded.last_fix_at, excluded.agreed_cadence_s, excluded.overdue_s,
   excluded.reasons, excluded.is_called_out, excluded.is_synthetic, excluded.memory, excluded.memory_version)
