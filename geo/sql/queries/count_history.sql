-- How many facts were recorded or superseded since a moment, counted no further than most + 1.
-- Params: since ('-infinity': ever), most. Returns n. Index: pass_recorded and pass_superseded.
SELECT count(*) FROM (
  SELECT FROM ops.pass AS p
  WHERE p.recorded_at >= %(since)s::timestamptz OR p.superseded_at >= %(since)s::timestamptz
  LIMIT %(most)s::integer + 1
) AS few
