-- Make the vehicles that an assignment file names known before their first fix, so that a machine that never reports
-- counts as silent and not as one without a device. Their source is made too where it has not delivered yet.
-- params: file_id. returns: nothing. index: plan_pkey, source_name_key, vehicle_source_id_external_id_key.
WITH named AS (
  SELECT DISTINCT attributes ->> 'source' AS source, attributes ->> 'vehicle' AS vehicle
  FROM raw.plan
  WHERE file_id = %(file_id)s AND attributes ->> 'source' IS NOT NULL AND attributes ->> 'vehicle' IS NOT NULL
), made AS (
  INSERT INTO raw.source (name, kind) SELECT DISTINCT source, 'announced' FROM named
  ON CONFLICT (name) DO NOTHING
  RETURNING source_id, name
), found AS (
  SELECT source_id, name FROM made
  UNION
  SELECT source_id, name FROM raw.source WHERE name IN (SELECT source FROM named)
)
INSERT INTO raw.vehicle (source_id, external_id)
SELECT found.source_id, named.vehicle FROM named JOIN found ON found.name = named.source
ON CONFLICT (source_id, external_id) DO NOTHING
