-- Take away all published kilometre posts. Params: none. Returns nothing. Index: none.
DELETE FROM pub.kilometre_post
