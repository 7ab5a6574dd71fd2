-- How many features match, counted no further than `most` + 1.
-- Params: most, those of the source and of `where`. Returns (n). Indexes: those of the source.
SELECT count(*) AS n FROM (SELECT FROM ({source}) AS s WHERE {where} LIMIT %(most)s + 1) AS found
