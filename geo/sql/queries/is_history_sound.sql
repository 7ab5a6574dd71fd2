-- Whether no fact came in with a time before the horizon of the volumes, as after a clock that was set back.
-- Params: last_pass_id (greatest in the volumes), horizon. Returns true or false. Index: primary key.
SELECT NOT EXISTS (SELECT FROM ops.pass AS p
                   WHERE p.pass_id > %(last_pass_id)s AND p.recorded_at < %(horizon)s::timestamptz)
