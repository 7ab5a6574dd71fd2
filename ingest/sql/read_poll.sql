-- How far the poll of a source has come.
-- params: source_id, feed_sha256. returns: watermark_at (NULL: nothing taken in yet, or no date of edit); no row where it
-- was never polled, or with other settings. index: poll_pkey.
SELECT watermark_at FROM raw.poll WHERE source_id = %(source_id)s AND feed_sha256 = %(feed_sha256)s
