-- Feeds that are fetched: how far each has come, and how its last poll went.
CREATE TABLE raw.poll (
  source_id integer PRIMARY KEY REFERENCES raw.source,
  -- of the layer's address and of what else decides which features come; another one starts from the beginning
  feed_sha256 bytea NOT NULL,
  -- the newest edit taken in; NULL: none yet, or the layer has no date of edit
  watermark_at timestamptz,
  polled_at timestamptz NOT NULL,
  -- NULL: never
  succeeded_at timestamptz,
  -- NULL: never
  failed_at timestamptz,
  -- of the last failure, kept after a success; NULL: never failed
  error text,
  -- failures since the last success
  n_failures integer NOT NULL DEFAULT 0,
  -- of the last success
  report jsonb NOT NULL DEFAULT '{}'
);
GRANT SELECT, INSERT, UPDATE, DELETE ON raw.poll TO yuki_ingest;
GRANT SELECT ON raw.poll TO yuki_engine, yuki_score;
