-- Empty the closures before they are written anew; readers see the old rows until commit. Params: none.
DELETE FROM pub.closures
