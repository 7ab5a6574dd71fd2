-- Retention: days of raw.fix that were moved to the archive, and facts whose evidence was deleted.

-- A UTC day that was written to the archive. While restored_at is NULL raw.fix does not have its fixes, or only late ones
-- that came in since, and nothing may conclude from their absence.
CREATE TABLE raw.archive_day (
  day date PRIMARY KEY,
  -- in the archive today; 0 when all of it was deleted
  n_fixes bigint NOT NULL CHECK (n_fixes >= 0),
  archived_at timestamptz NOT NULL DEFAULT now(),
  -- since then raw.fix has all of the day again, for a recomputation; NULL: it has not
  restored_at timestamptz,
  -- fixes of some vehicles were deleted: it is never complete again for them
  has_expired boolean NOT NULL DEFAULT false
);

-- Evidence that was deleted: all fixes of a vehicle in a span of time. Facts of that vehicle that overlap it hold on and
-- can never be worked out again. Append-only.
CREATE TABLE ops.evidence_expired (
  vehicle_id integer NOT NULL,
  -- whole UTC days, the lower end inclusive
  during tstzrange NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  EXCLUDE USING gist (vehicle_id WITH =, during WITH &&)
);

-- Whether the evidence of a fact was deleted. span: of the fact, for example its first and last fix.
CREATE FUNCTION ops.is_evidence_expired(vehicle integer, span tstzrange) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT EXISTS (SELECT FROM ops.evidence_expired AS e WHERE e.vehicle_id = vehicle AND e.during && span)
$$;

-- What a day of raw.fix holds, as two numbers: n is 0 and content 0 where it has no partition. Any row written, replaced or
-- deleted changes content.
CREATE FUNCTION raw.fix_partition_content(day date, OUT n bigint, OUT content numeric)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE partition_name text := 'fix_' || to_char(day, 'YYYYMMDD');
BEGIN
  n := 0;
  content := 0;
  IF EXISTS (SELECT FROM pg_class WHERE relname = partition_name AND relnamespace = 'raw'::regnamespace) THEN
    EXECUTE format('SELECT count(*), coalesce(sum(hash_record_extended(f, 0)::numeric), 0) FROM raw.%I AS f',
                   partition_name) INTO n, content;
  END IF;
END $$;

-- Detach and drop a day of raw.fix if it holds just what is expected; false: it holds something else, and stays.
-- The first lock keeps writers of that day away while it is looked at, the second one, that of DETACH, everybody from
-- raw.fix for a moment. Neither is waited for longer than lock_timeout, so that running work is not held up: the caller
-- tries again.
CREATE FUNCTION raw.drop_fix_partition(day date, expected_n bigint, expected_content numeric) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '300ms' AS $$
DECLARE
  partition_name text := 'fix_' || to_char(day, 'YYYYMMDD');
  found record;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_class WHERE relname = partition_name AND relnamespace = 'raw'::regnamespace) THEN
    RETURN expected_n = 0;
  END IF;
  EXECUTE format('LOCK TABLE raw.%I IN SHARE MODE', partition_name);
  SELECT * INTO found FROM raw.fix_partition_content(day);
  IF (found.n, found.content) IS DISTINCT FROM (expected_n, expected_content) THEN
    RETURN false;
  END IF;
  EXECUTE format('ALTER TABLE raw.fix DETACH PARTITION raw.%I', partition_name);
  EXECUTE format('DROP TABLE raw.%I', partition_name);
  RETURN true;
END $$;

GRANT SELECT, INSERT, UPDATE, DELETE ON raw.archive_day TO yuki_ingest;
GRANT SELECT ON raw.archive_day TO yuki_engine, yuki_score;
GRANT SELECT, INSERT ON ops.evidence_expired TO yuki_engine;
GRANT SELECT ON ops.evidence_expired TO yuki_publish, yuki_score;
REVOKE ALL ON FUNCTION raw.fix_partition_content(date), raw.drop_fix_partition(date, bigint, numeric) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION raw.fix_partition_content(date), raw.drop_fix_partition(date, bigint, numeric) TO yuki_ingest;
