-- One publication at a time; readers are not held up. The lock takes no snapshot, so what follows sees what the
-- publication before committed.
-- Params: none. Returns nothing.
LOCK TABLE pub.dataset IN SHARE ROW EXCLUSIVE MODE
