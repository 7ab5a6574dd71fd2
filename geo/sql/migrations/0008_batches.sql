-- How stages learn what is new: every transaction that writes raw.fix or raw.line is a batch, and batches have a
-- position in the order of their commits.

CREATE SEQUENCE raw.batch_id_seq AS bigint;
CREATE TABLE raw.batch (
  -- in the order of commits: given under a lock that is held until the commit, so a reader that has seen one has seen
  -- all smaller ones
  position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  batch_id bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('fixes', 'lines')),
  n integer NOT NULL,
  -- the span of the times in it, which tells the partitions to look into
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now()
);

-- The batch that wrote a row last; 0: before there were batches.
ALTER TABLE raw.fix ADD COLUMN batch_id bigint NOT NULL DEFAULT 0;
ALTER TABLE raw.fix ALTER COLUMN batch_id DROP DEFAULT;
DROP INDEX raw.fix_received;
CREATE INDEX fix_batch ON raw.fix (batch_id);
INSERT INTO raw.batch (batch_id, kind, n, first_at, last_at)
SELECT 0, 'fixes', count(*), min(at), max(at) FROM raw.fix HAVING count(*) > 0;

-- A stage remembers the position up to which it has come.
ALTER TABLE ops.watermark ADD COLUMN position bigint NOT NULL DEFAULT 0;

-- Edges whose facts changed and whose state was not worked out since: a queue from matching to the states.
CREATE TABLE ops.touch (
  touch_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  edge_ids bigint[] NOT NULL,
  -- facts written and ended with it, so that publishing need not look for them
  pass_ids bigint[] NOT NULL DEFAULT '{}',
  ended_pass_ids bigint[] NOT NULL DEFAULT '{}',
  recorded_at timestamptz NOT NULL DEFAULT now()
);

-- The facts of a trace that hold now are found, and are each there once, by their number in it.
DROP INDEX ops.pass_trace;
CREATE UNIQUE INDEX pass_now ON ops.pass (trace_id, seq) WHERE superseded_at IS NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON raw.batch TO yuki_ingest;
GRANT USAGE ON SEQUENCE raw.batch_id_seq, raw.batch_position_seq TO yuki_ingest;
GRANT SELECT ON raw.batch TO yuki_engine, yuki_score;
GRANT SELECT, INSERT, DELETE ON ops.touch TO yuki_engine;
GRANT USAGE ON SEQUENCE ops.touch_touch_id_seq TO yuki_engine;
GRANT SELECT ON ops.touch TO yuki_publish, yuki_score;
