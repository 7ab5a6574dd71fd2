-- Keys that are valid now, and with all_keys those that are not any more. Params: all_keys. Returns: key_id, name, scope,
-- scope_of (NULL: public or admin), has_probes, recorded_at, valid_until (NULL: no end is set), revoked_at (NULL: not
-- revoked). Index: none, some dozens of rows.
SELECT key_id, name, scope, scope_of, has_probes, recorded_at, valid_until, revoked_at
FROM app.api_key
WHERE %(all_keys)s OR (revoked_at IS NULL AND (valid_until IS NULL OR valid_until > now()))
ORDER BY scope, scope_of, key_id
