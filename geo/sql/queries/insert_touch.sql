-- Say that the facts of edges changed. Params: edge_ids, pass_ids (written), ended_pass_ids. Returns nothing.
INSERT INTO ops.touch (edge_ids, pass_ids, ended_pass_ids) VALUES (%(edge_ids)s, %(pass_ids)s, %(ended_pass_ids)s)
