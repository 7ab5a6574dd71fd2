-- The audit log, the newest first. Params: most; key (name or id of a key), action, since: only those lines, NULL: all.
-- Returns: audit_id, at, actor (NULL: a key did it), key_id (NULL: no key), key_name, action, detail.
-- Indexes: audit_pkey, audit_key, audit_action.
SELECT a.audit_id, a.at, a.actor, a.key_id, k.name AS key_name, a.action, a.detail
FROM app.audit AS a LEFT JOIN app.api_key AS k USING (key_id)
WHERE (%(key)s::text IS NULL OR k.name = %(key)s OR k.key_id::text = %(key)s)
  AND (%(action)s::text IS NULL OR a.action = %(action)s)
  AND (%(since)s::timestamptz IS NULL OR a.at >= %(since)s)
ORDER BY a.audit_id DESC LIMIT %(most)s
