-- A trace keeps its id while it grows or is amended: the newer row supersedes the older one of the same id, and the
-- passes that did not change stay as they are. So the id alone is unique only among the rows that hold now.
ALTER TABLE ops.trace DROP CONSTRAINT trace_pkey;
CREATE UNIQUE INDEX trace_now ON ops.trace (trace_id) WHERE superseded_at IS NULL;
CREATE INDEX trace_open ON ops.trace (vehicle_id) WHERE superseded_at IS NULL AND is_provisional;
CREATE INDEX unmatched_trace ON ops.unmatched (trace_id) WHERE superseded_at IS NULL;
