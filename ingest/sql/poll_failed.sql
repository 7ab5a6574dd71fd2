-- Note a poll that failed; how far it has come stays as it is.
-- params: source_id, feed_sha256, polled_at, error. returns: nothing. index: poll_pkey.
INSERT INTO raw.poll AS p (source_id, feed_sha256, polled_at, failed_at, error, n_failures)
VALUES (%(source_id)s, %(feed_sha256)s, %(polled_at)s, now(), %(error)s, 1)
ON CONFLICT (source_id) DO UPDATE
SET polled_at = excluded.polled_at, failed_at = excluded.failed_at, error = excluded.error,
    n_failures = p.n_failures + 1
