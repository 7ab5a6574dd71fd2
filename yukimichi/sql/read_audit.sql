-- The audit log, the newest first. Params: most. Returns: audit_id, at, actor (NULL: a key did it), key_id (NULL: no key),
-- key_name, action, detail. Index: audit_pkey.
SELECT a.audit_id, a.at, a.actor, a.key_id, k.name AS key_name, a.action, a.detail
FROM app.audit AS a LEFT JOIN app.api_key AS k USING (key_id)
ORDER BY a.audit_id DESC LIMIT %(most)s
