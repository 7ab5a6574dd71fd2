-- Drop what is published of the states of withheld edges, before withhold_status.sql writes that nothing is told.
-- Params: none. Returns nothing; rows deleted count. Index: primary keys; both tables are read whole.
DELETE FROM pub.edge_status AS s USING pub.withheld_edge AS w WHERE s.edge_id = w.edge_id AND s.reason <> 'withheld'
