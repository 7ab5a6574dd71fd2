-- The level of service 除雪水準: sums by route, work section, contractor, manager and office.

-- Where each of them stood when it was looked at last; a cache worked out from facts, replaced as a whole.
CREATE TABLE ops.service_level (
  kind text NOT NULL CHECK (kind IN ('all', 'route', 'section', 'contractor', 'manager', 'office')),
  -- id of a route or section, else the name; the one row of kind all is named all
  name text NOT NULL,
  event_id bigint NOT NULL REFERENCES ops.event,
  as_of timestamptz NOT NULL,
  -- of routes and sections: when they were called out, and the first deadline; NULL: not called out, or no target
  callout_at timestamptz,
  target_at timestamptz,
  service_state text NOT NULL CHECK (service_state IN ('achieved', 'pending', 'at_risk', 'late', 'missed', 'unknown',
                                                       'no_target')),
  -- metres of directed edges, both directions counted; the seven add up to it
  length_m double precision NOT NULL,
  achieved_m double precision NOT NULL,
  pending_m double precision NOT NULL,
  at_risk_m double precision NOT NULL,
  late_m double precision NOT NULL,
  missed_m double precision NOT NULL,
  unknown_m double precision NOT NULL,
  no_target_m double precision NOT NULL,
  -- of the late metres; NULL: nothing was late
  late_median_min real,
  late_worst_min real,
  is_synthetic boolean NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (kind, name)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON ops.service_level TO yuki_engine;
GRANT SELECT ON ops.service_level TO yuki_publish, yuki_score;

-- Routes and sections as everybody may see them: shares of the metres that have a target.
CREATE TABLE pub.service_level (
  kind text NOT NULL CHECK (kind IN ('route', 'section')),
  name text NOT NULL,
  as_of timestamptz NOT NULL,
  -- NULL as in ops.service_level
  callout_at timestamptz,
  target_at timestamptz,
  service_state text NOT NULL,
  -- NULL: nothing of it has a target
  achieved_fraction real,
  late_fraction real,
  at_risk_fraction real,
  missed_fraction real,
  PRIMARY KEY (kind, name)
);
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON pub.service_level TO yuki_publish;
GRANT SELECT ON pub.service_level TO yuki_reader, yuki_manager;

-- Contractors, managers and offices as road managers see them; no place of their own.
CREATE TABLE mgr.service_level (
  service_level_id text PRIMARY KEY,
  kind text NOT NULL,
  name text NOT NULL,
  event_id bigint NOT NULL,
  as_of timestamptz NOT NULL,
  service_state text NOT NULL,
  length_m double precision NOT NULL,
  achieved_m double precision NOT NULL,
  pending_m double precision NOT NULL,
  at_risk_m double precision NOT NULL,
  late_m double precision NOT NULL,
  missed_m double precision NOT NULL,
  unknown_m double precision NOT NULL,
  no_target_m double precision NOT NULL,
  late_median_min real,
  late_worst_min real,
  synthetic boolean NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON mgr.service_level TO yuki_publish;
GRANT SELECT ON mgr.service_level TO yuki_manager;
