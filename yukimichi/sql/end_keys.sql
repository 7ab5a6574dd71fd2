-- End keys that are valid now: at once where overlap_s is 0, else so many seconds from now; an earlier end stays.
-- Params: key_ids, overlap_s. Returns: key_id, valid_until (NULL: no end was set, the key is revoked). Index: api_key_pkey.
UPDATE app.api_key
SET revoked_at = CASE WHEN %(overlap_s)s = 0 THEN now() END,
    valid_until = CASE WHEN %(overlap_s)s = 0 THEN valid_until
                       ELSE least(valid_until, now() + make_interval(secs => %(overlap_s)s)) END
WHERE key_id = ANY (%(key_ids)s::bigint[]) AND revoked_at IS NULL AND (valid_until IS NULL OR valid_until > now())
RETURNING key_id, valid_until
