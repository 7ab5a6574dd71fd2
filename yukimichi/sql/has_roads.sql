-- Whether any road set has been taken in. Params: none. Returns: one boolean, never NULL.
SELECT EXISTS (SELECT FROM raw.road_set)
