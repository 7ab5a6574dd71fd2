-- Whether anything is published, so that serving can start at once. Params: none. Returns: one boolean, never NULL.
SELECT EXISTS (SELECT FROM pub.dataset)
