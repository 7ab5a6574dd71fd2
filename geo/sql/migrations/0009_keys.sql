-- Keys that end, keys that may send probes, an audit log that nobody changes, and other vehicles' positions.

ALTER TABLE app.api_key
  -- NULL: no end is set; a key that was rotated with an overlap ends by itself
  ADD COLUMN valid_until timestamptz,
  -- of a source's key: it may send positions of other vehicles too
  ADD COLUMN has_probes boolean NOT NULL DEFAULT false,
  ADD CONSTRAINT probes_by_source CHECK (scope = 'source' OR NOT has_probes);
CREATE INDEX api_key_scope ON app.api_key (scope, scope_of);

-- Who did it where no key did: the user of the machine that ran the command. NULL: a key did.
ALTER TABLE app.audit ADD COLUMN actor text;

-- Append-only for everybody, the owner too: GRANTs do not bind an owner, triggers do.
CREATE FUNCTION app.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '%.% is append-only: % is refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON app.audit
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();

-- A request that is repeated finds its rejected rows here already.
CREATE INDEX quarantine_live ON raw.quarantine (source_id, md5(payload::text)) WHERE file_id IS NULL;

-- Positions of other vehicles, for route status; deleted within 24 hours. probe is a keyed hash of the id that was given
-- (ingest/probes.py), under a secret that changes each day: the id itself is never stored.
CREATE TABLE raw.probe (
  probe bytea NOT NULL CHECK (length(probe) = 16),
  at timestamptz NOT NULL,
  lon double precision NOT NULL,
  lat double precision NOT NULL,
  -- NULL: not known
  heading_deg real,
  speed_mps real,
  source_id integer NOT NULL REFERENCES raw.source,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (probe, at)
);
CREATE INDEX probe_received ON raw.probe (received_at);

-- The secret of a day; deleted when the day is over, and from then on no hash can be traced back.
CREATE TABLE raw.probe_secret (
  day date PRIMARY KEY,
  secret bytea NOT NULL CHECK (length(secret) = 32)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON raw.probe, raw.probe_secret TO yuki_ingest;
GRANT SELECT ON raw.probe, raw.probe_secret TO yuki_engine, yuki_score;
