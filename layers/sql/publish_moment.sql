-- Say that what is published holds at a moment, and tell whoever listens to yuki_published after the commit.
-- Params: as_of, status_version. Returns one row.
WITH said AS (
  UPDATE pub.dataset SET as_of = %(as_of)s, status_version = %(status_version)s, published_at = now()
  RETURNING status_version
)
SELECT pg_notify('yuki_published', status_version::text) FROM said
