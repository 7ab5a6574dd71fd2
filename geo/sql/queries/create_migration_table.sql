-- Where applied migrations are written down. Params: none. Returns: nothing.
CREATE TABLE IF NOT EXISTS public.yuki_migration (
  name text PRIMARY KEY,
  sha256 text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
)
