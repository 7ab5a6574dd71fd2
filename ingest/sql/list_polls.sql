-- All polls, the ones that fail first.
-- params: none. returns: source, watermark_at, polled_at, succeeded_at (NULL: never), failed_at (NULL: never), error
-- (NULL: never failed), n_failures, report. index: none, a row a source.
SELECT s.name, p.watermark_at, p.polled_at, p.succeeded_at, p.failed_at, p.error, p.n_failures, p.report
FROM raw.poll AS p JOIN raw.source AS s USING (source_id)
ORDER BY p.n_failures DESC, s.name
