-- Days of raw.fix made beside the running work. CREATE TABLE … PARTITION OF locks raw.fix against every reader and
-- writer and so waits for, and then holds up, all of them; ATTACH PARTITION lets both go on.
-- Whether the day is there is asked of pg_class: to_regclass may answer from a cache that is older than the lock.
CREATE OR REPLACE FUNCTION raw.ensure_fix_partition(day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE partition_name text := 'fix_' || to_char(day, 'YYYYMMDD');
BEGIN
  IF to_regclass('raw.' || partition_name) IS NOT NULL THEN
    RETURN false;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('raw.fix'), day - date '2000-01-01');
  IF EXISTS (SELECT FROM pg_class WHERE relname = partition_name AND relnamespace = 'raw'::regnamespace) THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE raw.%I (LIKE raw.fix INCLUDING ALL)', partition_name);
  EXECUTE format('ALTER TABLE raw.fix ATTACH PARTITION raw.%I FOR VALUES FROM (%L) TO (%L)', partition_name,
                 (day::timestamp AT TIME ZONE 'UTC'), ((day + 1)::timestamp AT TIME ZONE 'UTC'));
  RETURN true;
END $$;
