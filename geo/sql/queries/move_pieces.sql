-- Kept pieces whose place on the delivered road has other numbers now (the source numbered its rows again, or the road
-- got longer): where they come from is told anew, what they are stays.
-- Params: piece_ids bigint[], external_ids text[], from_m float8[], to_m float8[], of one length. Returns: nothing.
-- Index: primary key.
UPDATE net.piece AS p
SET external_id = n.external_id, external_from_m = n.from_m, external_to_m = n.to_m
FROM unnest(%(piece_ids)s::bigint[], %(external_ids)s::text[], %(from_m)s::float8[], %(to_m)s::float8[])
     AS n (piece_id, external_id, from_m, to_m)
WHERE p.piece_id = n.piece_id
