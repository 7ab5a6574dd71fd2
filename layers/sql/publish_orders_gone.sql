-- Empty the orders that managers see before they are written anew. Params: none. Returns nothing.
DELETE FROM mgr.orders
