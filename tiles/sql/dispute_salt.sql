-- The salt of a day: made by whoever asks first. Params: day (UTC), salt (32 random bytes, for a day that has none).
-- Returns one row (salt). Index: primary key.
INSERT INTO app.dispute_salt AS s (day, salt) VALUES (%(day)s, %(salt)s)
ON CONFLICT (day) DO UPDATE SET salt = s.salt RETURNING salt
