-- Empty the devices before they are written anew; readers see the old rows until commit.
-- Params: none. Returns nothing. Index: none.
DELETE FROM mgr.devices
