-- Rasters: pictures of a drone survey, snow depth, hillshade. The pixels lie in files of `home`; rows say what they are.

-- The rasters that stand, one a raster_id; another delivery under the same id takes the place of the one before.
CREATE TABLE raw.raster (
  raster_id text PRIMARY KEY CHECK (raster_id ~ '^[a-z][a-z0-9_-]{0,62}$'),
  kind text NOT NULL CHECK (kind IN ('drone', 'snow_depth', 'hillshade', 'other')),
  title text NOT NULL,
  title_ja text NOT NULL,
  licence text NOT NULL,
  -- NULL: the licence has no page that is known
  licence_url text,
  attribution text NOT NULL,
  taken_at timestamptz NOT NULL,
  -- name of a style of layers/raster_styles.py
  style text NOT NULL,
  -- lowest and highest value that a grey stretch shows; NULL: the style has fixed classes or colours of its own
  stretch double precision[] CHECK (array_length(stretch, 1) = 2),
  synthetic boolean NOT NULL,
  -- SHA-256 of the file home/rasters/{raster_id}/{content_key}.tif
  content_key text NOT NULL CHECK (content_key ~ '^[0-9a-f]{64}$'),
  n_bytes bigint NOT NULL CHECK (n_bytes > 0),
  width integer NOT NULL CHECK (width > 0),
  height integer NOT NULL CHECK (height > 0),
  n_bands integer NOT NULL CHECK (n_bands > 0),
  dtype text NOT NULL,
  -- value of a pixel of which nothing is known; NULL: a mask says it, or every pixel is known
  nodata double precision,
  -- NULL: the values have no unit
  unit text,
  crs text NOT NULL,
  -- longitude and latitude, degrees
  west double precision NOT NULL,
  south double precision NOT NULL,
  east double precision NOT NULL,
  north double precision NOT NULL,
  -- side of a pixel on the ground, metres
  pixel_m double precision NOT NULL CHECK (pixel_m > 0),
  -- a digest of all columns but this and the moment: another one is another raster or other words about it
  row_key text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  -- what was delivered; the same bytes under the same options are a repeat
  file_name text NOT NULL,
  source_sha256 bytea NOT NULL CHECK (length(source_sha256) = 32),
  CHECK (west < east AND south < north)
);

CREATE TABLE net.raster (LIKE raw.raster INCLUDING CONSTRAINTS, PRIMARY KEY (raster_id));
CREATE TABLE pub.raster (LIKE raw.raster INCLUDING CONSTRAINTS, PRIMARY KEY (raster_id));
ALTER TABLE net.raster DROP COLUMN file_name, DROP COLUMN source_sha256;
ALTER TABLE pub.raster DROP COLUMN file_name, DROP COLUMN source_sha256;

GRANT SELECT, INSERT, UPDATE, DELETE ON raw.raster TO yuki_ingest;
GRANT SELECT ON raw.raster TO yuki_engine, yuki_score;
GRANT SELECT, INSERT, UPDATE, DELETE ON net.raster TO yuki_engine;
GRANT SELECT ON net.raster TO yuki_score, yuki_publish;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON pub.raster TO yuki_publish;
GRANT SELECT ON pub.raster TO yuki_reader, yuki_manager;
