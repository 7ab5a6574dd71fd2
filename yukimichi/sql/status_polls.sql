-- Feeds that are fetched. Params: none. Returns source, polled_at, succeeded_at (NULL: never), n_failures since then,
-- error (NULL: never failed). Index: none, a row a source.
SELECT s.name AS source, p.polled_at, p.succeeded_at, p.n_failures, p.error
FROM raw.poll AS p JOIN raw.source AS s USING (source_id)
ORDER BY p.n_failures DESC, s.name
