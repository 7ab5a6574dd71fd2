-- Passes that belong to be published and are not, after a stop was lifted: their ids.
-- Params: since: passes that ended before do not count. Returns pass_id. Indexes: pass_during, primary keys.
SELECT pass_id FROM ops.pass WHERE superseded_at IS NULL AND during && tstzrange(%(since)s, NULL)
EXCEPT
SELECT pass_id FROM pub.passes
