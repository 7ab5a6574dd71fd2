-- Note a poll that went well. The watermark never goes back while the settings of the feed stay the same.
-- params: source_id, feed_sha256, watermark_at (NULL: the layer has no date of edit), polled_at, report (jsonb).
-- returns: nothing. index: poll_pkey.
INSERT INTO raw.poll AS p (source_id, feed_sha256, watermark_at, polled_at, succeeded_at, report)
VALUES (%(source_id)s, %(feed_sha256)s, %(watermark_at)s, %(polled_at)s, now(), %(report)s)
ON CONFLICT (source_id) DO UPDATE
SET watermark_at = CASE WHEN p.feed_sha256 = excluded.feed_sha256
                        THEN greatest(p.watermark_at, excluded.watermark_at) ELSE excluded.watermark_at END,
    feed_sha256 = excluded.feed_sha256, polled_at = excluded.polled_at, succeeded_at = excluded.succeeded_at,
    n_failures = 0, report = excluded.report
