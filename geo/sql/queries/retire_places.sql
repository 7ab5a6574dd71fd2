-- Retire the places that are delivered no more; they keep their rows and ids.
-- Params: place_ids text[]: those that stand. Returns nothing; rows retired count. Index: none, reads every place.
UPDATE net.place SET retired_at = now() WHERE retired_at IS NULL AND place_id <> ALL (%(place_ids)s)
