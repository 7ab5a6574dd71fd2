-- social, app, portal: the three that stand apart.

-- social: household, vacancy and meter data by small area. Only yuki_score reads it.
CREATE TABLE social.area_statistic (
  area_id text NOT NULL,
  measure text NOT NULL,
  -- NULL: suppressed by its publisher, never zero
  value double precision,
  unit text NOT NULL,
  reference_date date NOT NULL,
  source text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (area_id, measure, reference_date)
);

-- app: keys, audit. A key's scope is public, contractor X, manager Y, admin or a source.
CREATE TABLE app.api_key (
  key_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  key_sha256 bytea NOT NULL UNIQUE,
  scope text NOT NULL CHECK (scope IN ('public', 'source', 'contractor', 'manager', 'admin')),
  -- which contractor, manager or source; NULL for public and admin
  scope_of text,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz,
  CHECK ((scope_of IS NULL) = (scope IN ('public', 'admin')))
);
CREATE TABLE app.audit (
  audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  key_id bigint REFERENCES app.api_key,
  action text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}'
);

-- portal: its tables come with the portal; the schema and its role stand from the first day.
CREATE TABLE portal.setting (name text PRIMARY KEY, value jsonb NOT NULL);
