-- What readiness rests on, as yuki_app. Params: none. Returns migrations (names), beat_age_s (NULL: no worker has ever
-- run). Index: none, a few rows.
SELECT migrations, beat_age_s FROM app.readiness()
