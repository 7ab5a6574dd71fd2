-- Say that something was published whose answers rest on the time of publication. Params: none. Returns nothing.
UPDATE pub.dataset SET published_at = now()
