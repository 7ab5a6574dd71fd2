-- Empty the level of service before it is written anew; readers see the former one until commit.
-- Params: none. Returns nothing. Index: none.
DELETE FROM ops.service_level
