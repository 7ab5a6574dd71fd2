-- How many features with a place a collection has at present, by kind.
-- The parts in braces are put together from the catalogue's own names: source (the SELECT of its items), kind (the column
-- that tells its features apart, or nothing: '').
-- Params: those of the source. Returns rows (kind, n), none where the collection is empty. Indexes: those of the source.
SELECT {kind} AS kind, count(*) AS n FROM ({source}) AS s WHERE s.geom IS NOT NULL GROUP BY 1 ORDER BY 1
