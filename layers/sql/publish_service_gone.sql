-- Empty the level of service before it is written anew; readers see the old one until commit. Params: none. Returns
-- nothing. Index: none.
WITH public AS (DELETE FROM pub.service_level) DELETE FROM mgr.service_level
