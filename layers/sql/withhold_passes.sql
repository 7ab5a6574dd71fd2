-- Take back the passes that the public may not see: in either direction of a road that is withheld, and on roads that
-- are not published any more, since nobody knows where they lay. Set by set, as all of a prefecture may be withheld.
-- Params: none. Returns nothing; rows deleted count. Index: none, the tables are read whole: this runs when a stop
-- begins, and something is withheld then.
DELETE FROM pub.passes
WHERE edge_id >> 1 IN (SELECT w.edge_id >> 1 FROM pub.withheld_edge AS w)
   OR edge_id >> 1 NOT IN (SELECT r.piece_id FROM pub.roads AS r)
