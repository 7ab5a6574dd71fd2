-- Registers of vehicles, and lines: the second kind of input.

ALTER TABLE raw.ingest_file DROP CONSTRAINT ingest_file_kind_check;
ALTER TABLE raw.ingest_file ADD CONSTRAINT ingest_file_kind_check
  CHECK (kind IN ('roads', 'routes', 'sections', 'assignments', 'plans', 'kmposts', 'depots', 'areas', 'layer', 'fixes',
                  'vehicles'));

-- 車両台帳: the vehicles of a source as its register names them; rows of former registers stay.
CREATE TABLE raw.vehicle_register (
  file_id bigint NOT NULL REFERENCES raw.ingest_file ON DELETE CASCADE,
  item bigint NOT NULL,
  -- as the source names it in its positions
  vehicle text NOT NULL,
  -- NULL in these: the register does not say
  name text,
  machine_class text,
  contractor text,
  manager text,
  -- which digital input tells what, where it differs from the source's rules; NULL: as the source says
  inputs jsonb,
  -- registered from (inclusive) to (exclusive); NULL: without that end
  valid_from timestamptz,
  valid_to timestamptz,
  PRIMARY KEY (file_id, item),
  CHECK (valid_from < valid_to)
);
CREATE INDEX vehicle_register_vehicle ON raw.vehicle_register (vehicle);
-- Which file stands for the register of a source today.
CREATE TABLE raw.vehicle_register_set (
  source_id integer PRIMARY KEY REFERENCES raw.source,
  file_id bigint NOT NULL REFERENCES raw.ingest_file,
  recorded_at timestamptz NOT NULL DEFAULT now()
);
-- The vehicles of the registers of today. vehicle_id NULL: registered and never heard of.
CREATE VIEW raw.registered_vehicle AS
SELECT s.source_id, r.vehicle, v.vehicle_id, r.name, r.machine_class, r.contractor, r.manager, r.inputs, r.valid_from,
       r.valid_to
FROM raw.vehicle_register_set AS s
JOIN raw.vehicle_register AS r USING (file_id)
LEFT JOIN raw.vehicle AS v ON v.source_id = s.source_id AND v.external_id = r.vehicle;

-- A line that a vehicle has worked on, as a vendor delivers it ready: one time is all that is known, that of its end.
-- Several lines of one vehicle at one time are several pieces of work, so the content is part of the key.
CREATE TABLE raw.line (
  vehicle_id integer NOT NULL,
  at timestamptz NOT NULL,
  content_key bigint NOT NULL,
  blade boolean,
  spreader boolean,
  -- short form of a vendor that does not tell blade and spreader apart
  work boolean,
  treatment text,
  received_at timestamptz NOT NULL DEFAULT now(),
  file_id bigint,
  batch_id bigint NOT NULL,
  -- in the direction driven
  geom geometry(LineString, 4326) NOT NULL,
  PRIMARY KEY (vehicle_id, at, content_key)
);
CREATE INDEX line_batch ON raw.line (batch_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON raw.vehicle_register, raw.vehicle_register_set, raw.line TO yuki_ingest;
-- as for every relation of its schema; nothing writes through the view
GRANT SELECT, INSERT, UPDATE, DELETE ON raw.registered_vehicle TO yuki_ingest;
GRANT SELECT ON raw.vehicle_register, raw.vehicle_register_set, raw.registered_vehicle, raw.line
  TO yuki_engine, yuki_score;
