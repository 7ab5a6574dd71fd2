-- The past as it is served: which event was published when, and every span of time in which an edge was published in
-- one state. Written with each publication, and worked out again from the facts once an event is over.

-- One row a span of time in which an event was the one that states were relative to.
CREATE TABLE pub.past_span (
  event_id bigint NOT NULL,
  from_at timestamptz NOT NULL,
  -- the first moment at which it was not published any more; NULL: it still is, up to pub.dataset.as_of
  to_at timestamptz,
  event_kind text NOT NULL,
  event_name text NOT NULL,
  reference_at timestamptz NOT NULL,
  -- of the roads that the states are of; edges of another version are told by their ids alone
  network_version integer NOT NULL,
  -- the states are those that the facts tell, as known at this moment; NULL: they are those that were published then
  known_at timestamptz,
  -- seconds between the moments that were looked at; NULL: every publication
  step_s integer CHECK (step_s > 0),
  -- whether the event is over; what is told of it changes only by late data from then on
  is_closed boolean NOT NULL DEFAULT false,
  -- rises with each change of what is told of this span but by the publications of now
  past_version bigint NOT NULL DEFAULT 1,
  synthetic boolean NOT NULL,
  PRIMARY KEY (event_id, from_at),
  CHECK (to_at > from_at)
);
CREATE INDEX past_span_from ON pub.past_span (from_at);

-- One row a span in which an edge was published in one state of an event. An edge without a row at a moment is unknown
-- by the event's default reason. Whoever serves it looks at pub.withheld_edge.
CREATE TABLE pub.status_past (
  event_id bigint NOT NULL,
  edge_id bigint NOT NULL,
  from_at timestamptz NOT NULL,
  -- the first moment at which it was not so any more; NULL: it still is
  to_at timestamptz,
  state text NOT NULL,
  reason text NOT NULL,
  cleared_at timestamptz,
  valid_until timestamptz,
  observed_at timestamptz,
  covered_fraction real NOT NULL,
  passed_fraction real NOT NULL,
  treatment text,
  spread_at timestamptz,
  sidewalk_at timestamptz,
  restriction text,
  is_corrected boolean NOT NULL,
  work_basis text NOT NULL,
  confidence real NOT NULL,
  source text,
  synthetic boolean NOT NULL,
  PRIMARY KEY (event_id, edge_id, from_at),
  CHECK (to_at > from_at)
);
CREATE UNIQUE INDEX status_past_open ON pub.status_past (event_id, edge_id) WHERE to_at IS NULL;

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON pub.past_span, pub.status_past TO yuki_publish;
GRANT SELECT ON pub.past_span, pub.status_past TO yuki_reader, yuki_manager;
