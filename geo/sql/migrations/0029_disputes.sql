-- Disputes 異議: what somebody saw on a road that is not what the map said, what a manager decided about it, and the
-- figures of the accuracy page. Nothing here says who sent it.

-- One report. What the service told at that moment is kept beside the claim, since states change and facts are matched again.
CREATE TABLE app.dispute (
  -- the public number: drawn by chance, so that numbers do not tell how many there are
  dispute_id integer PRIMARY KEY CHECK (dispute_id BETWEEN 10000000 AND 99999999),
  -- of the word by which the sender finds the decision; the same word again is the same report
  token_sha256 bytea NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
  received_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  edge_id bigint NOT NULL,
  -- both: edge_id is the direction that was told otherwise than it was seen, else the one along digitising
  direction text NOT NULL CHECK (direction IN ('forward', 'backward', 'both')),
  state_seen text NOT NULL CHECK (state_seen IN ('cleared', 'uncleared', 'being_cleared', 'impassable', 'half_cleared',
                                                 'other')),
  -- NULL: nothing was said
  comment text CHECK (length(comment) BETWEEN 1 AND 500),
  -- what road_status told of the edge when the report came; NULL as there
  shown_state text NOT NULL,
  shown_reason text NOT NULL,
  shown_cleared_at timestamptz,
  shown_valid_until timestamptz,
  shown_observed_at timestamptz,
  shown_covered_fraction real NOT NULL,
  shown_work_basis text NOT NULL,
  shown_confidence real NOT NULL,
  shown_snow_since_cm real,
  event_id bigint NOT NULL,
  status_version bigint NOT NULL,
  -- what had been told at seen_at, where that was earlier; NULL: the same moment, or nothing is known of it
  then_state text,
  then_reason text,
  -- the road as it was published; NULL: none is known
  name text,
  route text,
  manager text NOT NULL,
  municipality text,
  road_class text NOT NULL,
  route_id text,
  section_id text,
  network_version integer NOT NULL,
  synthetic boolean NOT NULL,
  geom geometry(LineString, 4326) NOT NULL
);
CREATE INDEX dispute_received ON app.dispute (received_at);

-- Its photo, made anew from the pixels alone: no metadata, 1600 px at most.
CREATE TABLE app.dispute_photo (
  dispute_id integer PRIMARY KEY REFERENCES app.dispute ON DELETE CASCADE,
  width_px integer NOT NULL CHECK (width_px > 0),
  height_px integer NOT NULL CHECK (height_px > 0),
  jpeg bytea NOT NULL
);

-- What was decided; the newest row of a report holds.
CREATE TABLE app.dispute_decision (
  decision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  dispute_id integer NOT NULL REFERENCES app.dispute ON DELETE CASCADE,
  decision text NOT NULL CHECK (decision IN ('accepted', 'rejected', 'duplicate', 'unclear')),
  -- the sender reads it
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  decided_at timestamptz NOT NULL,
  -- NULL: a command on the machine
  key_id bigint REFERENCES app.api_key,
  -- name of the key, or the user of the machine
  decided_by text NOT NULL
);
CREATE INDEX dispute_decision_of ON app.dispute_decision (dispute_id, decision_id DESC);

-- What of a sender's allowance is left. sender is a hash of the address with the salt of the day, and 'all' of everybody;
-- a row goes when it is full again, the salt a day after its own: from then on no hash can be traced back.
CREATE TABLE app.dispute_bucket (
  sender bytea PRIMARY KEY,
  n_left double precision NOT NULL,
  at timestamptz NOT NULL
);
CREATE INDEX dispute_bucket_at ON app.dispute_bucket (at);
CREATE TABLE app.dispute_salt (
  -- of UTC
  day date PRIMARY KEY,
  salt bytea NOT NULL CHECK (length(salt) = 32)
);

-- What was told of the planned roads in an hour, for the accuracy page: one look an hour, at what the public saw.
-- Metres of directed edges that a plough route or a work section holds.
CREATE TABLE app.accuracy_hour (
  -- begin of the hour
  at timestamptz PRIMARY KEY,
  -- whether an event was open; without one every state is unknown for that reason
  has_event boolean NOT NULL,
  -- directed edges on plans, and those of them whose state was told
  n_edges integer NOT NULL,
  n_told integer NOT NULL,
  planned_m double precision NOT NULL,
  cleared_m double precision NOT NULL,
  clearing_m double precision NOT NULL,
  uncleared_m double precision NOT NULL,
  unknown_m double precision NOT NULL,
  -- by the age of the last observation; they and none_m add up to planned_m
  under_1h_m double precision NOT NULL,
  under_3h_m double precision NOT NULL,
  under_6h_m double precision NOT NULL,
  under_12h_m double precision NOT NULL,
  older_m double precision NOT NULL,
  none_m double precision NOT NULL,
  synthetic boolean NOT NULL
);

GRANT SELECT, INSERT, UPDATE, DELETE ON app.dispute, app.dispute_photo, app.dispute_decision, app.dispute_bucket,
  app.dispute_salt, app.accuracy_hour TO yuki_app;
GRANT USAGE ON SEQUENCE app.dispute_decision_decision_id_seq TO yuki_app;

-- The queue as managers see it, with the offices whose plough routes hold the road, as orders ask for them.
CREATE VIEW mgr.disputes AS
SELECT d.dispute_id, d.received_at, d.seen_at, d.edge_id, d.direction, d.name, d.route, d.road_class, d.manager,
       d.municipality, d.state_seen, d.comment, p.dispute_id IS NOT NULL AS has_photo, d.shown_state, d.shown_reason,
       d.shown_cleared_at, d.shown_valid_until, d.shown_observed_at, d.shown_covered_fraction, d.shown_work_basis,
       d.shown_confidence, d.shown_snow_since_cm, d.then_state, d.then_reason, d.event_id, d.status_version, c.decision,
       c.reason AS decision_reason, c.decided_at, c.decided_by, d.network_version, d.synthetic, d.geom,
       ARRAY(SELECT DISTINCT r.office FROM net.plan_edge AS h JOIN net.plough_route AS r USING (route_id)
             WHERE r.office IS NOT NULL AND h.edge_id IN (d.edge_id, d.edge_id # 1)) AS offices
FROM app.dispute AS d
LEFT JOIN app.dispute_photo AS p USING (dispute_id)
LEFT JOIN LATERAL (SELECT o.decision, o.reason, o.decided_at, o.decided_by FROM app.dispute_decision AS o
                   WHERE o.dispute_id = d.dispute_id ORDER BY o.decision_id DESC LIMIT 1) AS c ON true;
GRANT SELECT ON mgr.disputes TO yuki_manager;
-- as of every relation of mgr; a view of several tables takes nothing in
GRANT SELECT, INSERT ON mgr.disputes TO yuki_publish;
