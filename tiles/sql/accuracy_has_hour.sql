-- Whether an hour was looked at. Params: at (its begin). Returns one row (boolean). Index: primary key.
SELECT EXISTS (SELECT FROM app.accuracy_hour WHERE at = %(at)s)
