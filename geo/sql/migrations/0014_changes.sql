-- What changed after a status version is asked for by every open map, again and again.
-- It costs each change of a state a new entry here and in the primary key: a row whose indexed column changes is not
-- replaced within its page alone.
CREATE INDEX edge_status_version ON pub.edge_status (status_version);
