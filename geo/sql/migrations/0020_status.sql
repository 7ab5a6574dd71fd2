-- States that say more: how many passes a road needs and has, what was spread, orders of road managers, snow.

ALTER TABLE ops.edge_status
  -- so many passes side by side clear the direction; an edge without a row needs one
  ADD COLUMN passes_needed smallint NOT NULL DEFAULT 1 CHECK (passes_needed >= 1),
  -- share with one pass at least; covered_fraction is the share with as many as it needs
  ADD COLUMN passed_fraction real NOT NULL DEFAULT 0 CHECK (passed_fraction BETWEEN 0 AND 1),
  -- since then the newest spreading 散布, or sidewalk clearing 歩道除雪, covers the edge; NULL: none does
  ADD COLUMN spread_at timestamptz,
  ADD COLUMN sidewalk_at timestamptz,
  -- the strictest restriction 規制 that holds; NULL: none
  ADD COLUMN restriction text CHECK (restriction IN ('closed', 'winter_closed', 'one_lane', 'chains', 'winter_tyres')),
  -- whether a road manager gave the state by hand
  ADD COLUMN is_corrected boolean NOT NULL DEFAULT false;
UPDATE ops.edge_status SET passed_fraction = covered_fraction;
-- A manager may say that a state is unknown, and the reason is in the order.
ALTER TABLE ops.edge_status DROP CONSTRAINT edge_status_check;
ALTER TABLE ops.edge_status ADD CONSTRAINT edge_status_unknown_says_why
  CHECK (state <> 'unknown' OR reason <> 'none' OR is_corrected);
COMMENT ON COLUMN ops.edge_status.snow_at_clearing_cm IS
  'snow in the cell from reference_at of the event to cleared_at, in cm; NULL: not cleared, or not known';

-- What each treatment covers of an edge in an event, kept apart. Append-only.
CREATE TABLE ops.treatment_coverage (
  event_id bigint NOT NULL REFERENCES ops.event,
  edge_id bigint NOT NULL,
  treatment text NOT NULL
    CHECK (treatment IN ('fresh_snow_plowing', 'surface_grading', 'compacted_snow_removal', 'widening', 'haulage',
                         'anti_icing', 'abrasive_spreading', 'sidewalk_clearing')),
  -- metres along digitising, disjoint, ascending
  covered nummultirange NOT NULL,
  covered_fraction real NOT NULL CHECK (covered_fraction BETWEEN 0 AND 1),
  -- end of the oldest pass that the share of the state table needs; NULL: it is not reached
  reached_at timestamptz,
  network_version integer NOT NULL REFERENCES net.version,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  superseded_at timestamptz
);
CREATE INDEX treatment_coverage_now ON ops.treatment_coverage (event_id, edge_id) WHERE superseded_at IS NULL;
GRANT SELECT, INSERT ON ops.treatment_coverage TO yuki_engine;
GRANT UPDATE (superseded_at) ON ops.treatment_coverage TO yuki_engine;
GRANT SELECT ON ops.treatment_coverage TO yuki_publish, yuki_score;

ALTER TABLE pub.edge_status
  ADD COLUMN passes_needed smallint NOT NULL DEFAULT 1,
  ADD COLUMN passed_fraction real NOT NULL DEFAULT 0,
  ADD COLUMN spread_at timestamptz,
  ADD COLUMN sidewalk_at timestamptz,
  ADD COLUMN restriction text,
  ADD COLUMN is_corrected boolean NOT NULL DEFAULT false,
  ADD COLUMN snow_cell integer,
  ADD COLUMN snow_at_clearing_cm real;
UPDATE pub.edge_status SET passed_fraction = covered_fraction;
-- Snow since a clearing follows the snow of its cell: it is worked out when it is asked for.
DROP VIEW pub.road_status;
ALTER TABLE pub.edge_status DROP COLUMN snow_since_cm;
CREATE VIEW pub.road_status AS
SELECT r.edge_id, r.name, r.route, r.manager, CASE WHEN r.is_reversed THEN 'backward' ELSE 'forward' END AS direction,
       r.municipality, r.road_class, r.length_m,
       s.state, s.reason, d.event_id, d.reference_at, s.cleared_at, s.valid_until, s.observed_at, d.as_of,
       s.covered_fraction, s.passed_fraction, s.passes_needed, s.treatment, s.spread_at, s.sidewalk_at, s.restriction,
       s.is_corrected, s.snow_cell, s.snow_at_clearing_cm, s.work_basis, s.confidence, s.source,
       r.route_id, r.section_id, r.network_version, s.synthetic, r.geom
FROM pub.roads AS r JOIN pub.edge_status AS s USING (edge_id) CROSS JOIN pub.dataset AS d;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON pub.road_status TO yuki_publish;
GRANT SELECT ON pub.road_status TO yuki_reader, yuki_manager;
