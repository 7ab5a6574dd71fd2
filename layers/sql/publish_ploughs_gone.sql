-- Empty the ploughs before they are written anew; readers see the old ones until commit.
-- Params: none. Returns nothing. Index: none.
DELETE FROM pub.ploughs
