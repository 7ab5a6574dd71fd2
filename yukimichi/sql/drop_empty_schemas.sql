-- Make room for those that a backup brings. Without CASCADE: fails where one of them holds anything.
DROP SCHEMA raw, net, ops, pub, mgr, social, app, portal
