-- Publish daily reports that are new or changed, for managers and each contractor.
-- Params: none. Returns nothing; rows written count. contractor NULL: nobody is known; amount_yen, flagged_yen NULL: no
-- line has a price. Index: primary keys.
WITH fresh AS MATERIALIZED (
  SELECT r.report_id FROM ops.daily_report AS r LEFT JOIN mgr.daily_reports AS m USING (report_id)
  WHERE m.content_key IS DISTINCT FROM r.content_key
)
INSERT INTO mgr.daily_reports AS old
  (report_id, day, vehicle_id, source, vehicle, machine, machine_class, contractor, contractor_basis, started_at,
   ended_at, n_trips, work_s, flagged_s, deadhead_s, unknown_s, standing_s, work_m, deadhead_m, unknown_m, untimed_m,
   amount_yen, flagged_yen, n_unpriced, n_corrections, n_facts, first_fix_at, last_fix_at, is_provisional,
   is_evidence_expired, synthetic, detail, content_key, geom)
SELECT r.report_id, r.day::text, r.vehicle_id, t.source, t.vehicle, t.machine, t.machine_class, t.contractor,
       t.contractor_basis, t.started_at, t.ended_at, t.n_trips, t.work_s, t.flagged_s, t.deadhead_s, t.unknown_s,
       t.standing_s, t.work_m, t.deadhead_m, t.unknown_m, t.untimed_m, t.amount_yen, t.flagged_yen, t.n_unpriced,
       t.n_corrections, t.n_facts, t.first_fix_at, t.last_fix_at, t.is_provisional, t.is_evidence_expired,
       r.is_synthetic, r.detail, r.content_key, r.geom
FROM fresh
JOIN ops.daily_report AS r USING (report_id)
CROSS JOIN LATERAL jsonb_to_record(r.totals) AS t (
  source text, vehicle text, machine text, machine_class text, contractor text, contractor_basis text,
  started_at timestamptz, ended_at timestamptz, n_trips integer, work_s float8, flagged_s float8, deadhead_s float8,
  unknown_s float8, standing_s float8, work_m float8, deadhead_m float8, unknown_m float8, untimed_m float8,
  amount_yen bigint, flagged_yen bigint, n_unpriced integer, n_corrections integer, n_facts integer,
  first_fix_at timestamptz, last_fix_at timestamptz, is_provisional boolean, is_evidence_expired boolean
)
ON CONFLICT (report_id) DO UPDATE
SET day = excluded.day, vehicle_id = excluded.vehicle_id, source = excluded.source, vehicle = excluded.vehicle,
    machine = excluded.machine, machine_class = excluded.machine_class, contractor = excluded.contractor,
    contractor_basis = excluded.contractor_basis, started_at = excluded.started_at, ended_at = excluded.ended_at,
    n_trips = excluded.n_trips, work_s = excluded.work_s, flagged_s = excluded.flagged_s,
    deadhead_s = excluded.deadhead_s, unknown_s = excluded.unknown_s, standing_s = excluded.standing_s,
    work_m = excluded.work_m, deadhead_m = excluded.deadhead_m, unknown_m = excluded.unknown_m,
    untimed_m = excluded.untimed_m, amount_yen = excluded.amount_yen, flagged_yen = excluded.flagged_yen,
    n_unpriced = excluded.n_unpriced, n_corrections = excluded.n_corrections, n_facts = excluded.n_facts,
    first_fix_at = excluded.first_fix_at, last_fix_at = excluded.last_fix_at,
    is_provisional = excluded.is_provisional, is_evidence_expired = excluded.is_evidence_expired,
    synthetic = excluded.synthetic, detail = excluded.detail, content_key = excluded.content_key, geom = excluded.geom
