-- 指示: what road managers enter by hand. An entry goes raw -> ops -> pub | mgr like everything else.

-- As entered, append-only. An order is all entries of one order_id; the newest one is how it stands, and carries the
-- whole order. Nothing but another entry ends or changes an order.
CREATE TABLE raw.order_entry (
  entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id bigint NOT NULL,
  action text NOT NULL CHECK (action IN ('place', 'change', 'end')),
  kind text NOT NULL CHECK (kind IN ('restriction', 'correction', 'publication_stop')),
  -- NULL unless the kind is restriction
  restriction text CHECK (restriction IN ('closed', 'winter_closed', 'one_lane', 'chains', 'winter_tyres')),
  -- NULL unless the kind is correction
  state text CHECK (state IN ('cleared', 'clearing', 'uncleared', 'unknown')),
  -- both directions of the road, or along the line as drawn
  direction text NOT NULL DEFAULT 'both' CHECK (direction IN ('both', 'drawn')),
  begins_at timestamptz NOT NULL,
  -- the first moment at which it holds no more; NULL: until further notice
  ends_at timestamptz,
  -- where, in one of the ways of docs/orders.md; the shape, if that way has one, stands in geom
  place jsonb NOT NULL,
  geom geometry(Geometry, 4326),
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  is_reason_public boolean NOT NULL DEFAULT false,
  -- NULL: no key did; the author is then the user of the machine that ran the command
  author_key_id bigint,
  author text NOT NULL,
  -- whose roads alone the author may order about; NULL: all roads
  author_of text,
  -- the sender's own name of the entry: the same again is a repeat. NULL: none was given
  client_id text CHECK (length(client_id) BETWEEN 1 AND 100),
  -- of an import: source, and the order's name there; NULL: entered by hand
  source_id integer REFERENCES raw.source,
  external_id text,
  is_synthetic boolean NOT NULL DEFAULT false,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (order_id <= entry_id),
  CHECK ((action = 'place') = (order_id = entry_id)),
  CHECK ((kind = 'restriction') = (restriction IS NOT NULL)),
  CHECK ((kind = 'correction') = (state IS NOT NULL)),
  -- an order that is ended before it begins never holds
  CHECK (ends_at > begins_at OR (action = 'end' AND ends_at = begins_at)),
  CHECK ((source_id IS NULL) = (external_id IS NULL))
);
CREATE INDEX order_entry_order ON raw.order_entry (order_id, entry_id DESC);
-- A key 0 stands for commands.
CREATE UNIQUE INDEX order_entry_client ON raw.order_entry (coalesce(author_key_id, 0), client_id)
  WHERE client_id IS NOT NULL;
CREATE INDEX order_entry_source ON raw.order_entry (source_id, external_id) WHERE source_id IS NOT NULL;
CREATE TRIGGER order_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON raw.order_entry
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();

-- Every entry has its line in the audit log, written with it or not at all.
CREATE FUNCTION app.audit_order() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO app.audit (key_id, actor, action, detail)
  VALUES (new.author_key_id, CASE WHEN new.author_key_id IS NULL THEN new.author END, 'order ' || new.action,
          jsonb_build_object('order_id', new.order_id, 'entry_id', new.entry_id, 'kind', new.kind,
                             'restriction', new.restriction, 'state', new.state, 'begins_at', new.begins_at,
                             'ends_at', new.ends_at, 'place', new.place, 'reason', new.reason));
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.audit_order() FROM PUBLIC;
CREATE TRIGGER order_entry_audited AFTER INSERT ON raw.order_entry
  FOR EACH ROW EXECUTE FUNCTION app.audit_order();

-- A refused order has its line too. key_id NULL: no key that we know.
CREATE FUNCTION app.audit_refused_order(key_id bigint, detail jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO app.audit (key_id, action, detail) VALUES (key_id, 'order refused', detail)
$$;
REVOKE ALL ON FUNCTION app.audit_refused_order(bigint, jsonb) FROM PUBLIC;

-- Roads that an order names, for whoever checks it before it is stored and may not read net: the pieces of edges, the
-- pieces within near_m of points, or what a route, a section or a stretch of kilometre posts holds on the newest
-- network. Of edges that no version ever had there is no row.
CREATE FUNCTION raw.ordered_pieces(edge_ids bigint[], points geometry, route text, section text, kmpost_route text,
                                   from_km double precision, to_km double precision, near_m double precision)
RETURNS TABLE (piece_id bigint, manager text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  WITH named AS (
    SELECT e.edge_id >> 1 AS piece_id FROM unnest(edge_ids) AS e (edge_id)
    UNION
    SELECT near.piece_id
    FROM ST_DumpPoints(points) AS place
    CROSS JOIN LATERAL (
      SELECT p.piece_id, p.geom FROM net.piece AS p WHERE p.last_version IS NULL ORDER BY p.geom <-> place.geom LIMIT 1
    ) AS near
    WHERE ST_DWithin(near.geom::geography, place.geom::geography, near_m)
    UNION
    SELECT h.edge_id >> 1 FROM net.plan_edge AS h
    WHERE (h.route_id = route OR h.section_id = section)
      AND h.network_version = (SELECT max(v.network_version) FROM net.version AS v)
    UNION
    SELECT k.edge_id >> 1 FROM net.kmpost AS k
    WHERE k.route = kmpost_route AND k.km BETWEEN from_km AND to_km
      AND k.network_version = (SELECT max(v.network_version) FROM net.version AS v)
  )
  SELECT p.piece_id, p.manager FROM named JOIN net.piece AS p USING (piece_id)
$$;
REVOKE ALL ON FUNCTION raw.ordered_pieces(bigint[], geometry, text, text, text, double precision, double precision,
                                          double precision) FROM PUBLIC;

-- Which of some pieces are none of somebody's. `who` is a manager of our vocabulary, an office of plough routes (then:
-- the roads that its routes hold) or the name of a municipality (its own roads inside it). Roads whose manager nobody
-- knows are everybody's.
CREATE FUNCTION raw.foreign_pieces(who text, piece_ids bigint[]) RETURNS TABLE (piece_id bigint, manager text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT p.piece_id, p.manager FROM net.piece AS p
  WHERE p.piece_id = ANY (piece_ids) AND p.manager NOT IN (who, 'unknown')
    AND NOT EXISTS (SELECT FROM net.plan_edge AS h JOIN net.plough_route AS r USING (route_id)
                    WHERE r.office = who AND h.edge_id IN (2 * p.piece_id, 2 * p.piece_id + 1))
    AND NOT (p.manager = 'municipality'
             AND EXISTS (SELECT FROM net.reference AS m WHERE m.layer = 'municipalities' AND m.name = who
                           AND ST_Intersects(m.geom, ST_LineInterpolatePoint(p.geom, 0.5))))
$$;
REVOKE ALL ON FUNCTION raw.foreign_pieces(text, bigint[]) FROM PUBLIC;

GRANT SELECT, INSERT, UPDATE, DELETE ON raw.order_entry TO yuki_ingest;
GRANT USAGE ON SEQUENCE raw.order_entry_entry_id_seq TO yuki_ingest;
GRANT SELECT ON raw.order_entry TO yuki_engine, yuki_score;
GRANT EXECUTE ON FUNCTION app.audit_refused_order(bigint, jsonb),
  raw.ordered_pieces(bigint[], geometry, text, text, text, double precision, double precision, double precision),
  raw.foreign_pieces(text, bigint[]) TO yuki_ingest;
GRANT EXECUTE ON FUNCTION raw.foreign_pieces(text, bigint[]) TO yuki_engine;

-- An order as a fact: what stands, laid on one network version. during is [begin, end): at its end it holds no more.
CREATE TABLE ops.road_order (
  order_id bigint NOT NULL,
  -- the entry that it was laid from
  entry_id bigint NOT NULL,
  kind text NOT NULL,
  restriction text,
  state text,
  -- empty: ended before it began
  during tstzrange NOT NULL,
  -- metres of road that the order names, and that edges carry; NULL: it names no road but an area, a manager, or all
  planned_m double precision,
  laid_m double precision,
  -- what does not fit the network, in words; NULL: everything fits
  misfit text,
  -- of a publication stop: the roads of this manager; NULL: those of order_edge, or all
  manager text,
  is_everywhere boolean NOT NULL DEFAULT false,
  reason text NOT NULL,
  is_reason_public boolean NOT NULL,
  author text NOT NULL,
  network_version integer NOT NULL REFERENCES net.version,
  is_synthetic boolean NOT NULL,
  -- what was drawn, else the stretches that were laid; NULL: neither
  geom geometry(Geometry, 4326),
  recorded_at timestamptz NOT NULL DEFAULT now(),
  superseded_at timestamptz
);
CREATE UNIQUE INDEX road_order_now ON ops.road_order (order_id) WHERE superseded_at IS NULL;

-- Which metres of which edges an order holds. Edges of an area that publication is stopped in are held whole.
CREATE TABLE ops.order_edge (
  order_id bigint NOT NULL,
  entry_id bigint NOT NULL,
  kind text NOT NULL,
  restriction text,
  state text,
  edge_id bigint NOT NULL,
  from_m double precision NOT NULL,
  to_m double precision NOT NULL,
  during tstzrange NOT NULL,
  network_version integer NOT NULL REFERENCES net.version,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  superseded_at timestamptz,
  CHECK (from_m < to_m AND from_m >= 0)
);
CREATE INDEX order_edge_order ON ops.order_edge (order_id) WHERE superseded_at IS NULL;
CREATE INDEX order_edge_during ON ops.order_edge USING gist (during);

GRANT SELECT, INSERT ON ops.road_order, ops.order_edge TO yuki_engine;
GRANT UPDATE (superseded_at) ON ops.road_order, ops.order_edge TO yuki_engine;
GRANT SELECT ON ops.road_order, ops.order_edge TO yuki_publish, yuki_score;

-- Restrictions for everybody, those that are over too.
CREATE TABLE pub.closures (
  closure_id bigint PRIMARY KEY,
  restriction text NOT NULL,
  -- the same in words, for people
  restriction_ja text NOT NULL,
  restriction_en text NOT NULL,
  -- of the road that most of it lies on; NULL: none is known
  name text,
  route text,
  manager text NOT NULL,
  -- in which direction of digitising it holds
  direction text NOT NULL CHECK (direction IN ('both', 'forward', 'backward', 'mixed')),
  -- NULL: its author did not make it public
  reason text,
  starts_at timestamptz NOT NULL,
  -- planned or real end; NULL: until further notice
  ends_at timestamptz,
  length_m double precision NOT NULL,
  -- edge_id:from_m-to_m with blanks between them; empty: no edge carries it
  edges text NOT NULL,
  network_version integer NOT NULL,
  synthetic boolean NOT NULL,
  geom geometry(MultiLineString, 4326) NOT NULL
);
CREATE INDEX closures_geom ON pub.closures USING gist (geom);

-- Edges whose states, passes and ploughs are kept from the public now. Whoever serves a state of an edge, of now or of
-- the past, looks here.
CREATE TABLE pub.withheld_edge (edge_id bigint PRIMARY KEY);
-- rises with each change of pub.withheld_edge; nothing that was made before is served from then on
ALTER TABLE pub.dataset ADD COLUMN withheld_version bigint NOT NULL DEFAULT 0;

-- Whether the public may not see what happened on an edge of any network version, in either direction of its road.
-- While anything is withheld, roads that are not published any more are: nobody knows where they lay.
CREATE FUNCTION pub.is_withheld(edge bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM pub.withheld_edge AS w WHERE w.edge_id IN (edge, edge # 1))
      OR (EXISTS (SELECT FROM pub.withheld_edge)
          AND NOT EXISTS (SELECT FROM pub.roads AS r WHERE r.piece_id = edge >> 1))
$$;

-- Every order as a manager sees it.
CREATE TABLE mgr.orders (
  order_id bigint PRIMARY KEY,
  kind text NOT NULL,
  restriction text,
  state text,
  starts_at timestamptz,
  ends_at timestamptz,
  manager text,
  is_everywhere boolean NOT NULL,
  planned_m double precision,
  laid_m double precision,
  misfit text,
  reason text NOT NULL,
  is_reason_public boolean NOT NULL,
  author text NOT NULL,
  synthetic boolean NOT NULL,
  geom geometry(Geometry, 4326)
);

-- What the public does not see while publication is stopped, for managers.
CREATE VIEW mgr.withheld_status AS
SELECT r.edge_id, r.name, r.route, r.manager, CASE WHEN r.is_reversed THEN 'backward' ELSE 'forward' END AS direction,
       r.municipality, r.road_class, r.length_m, s.state, s.reason, s.cleared_at, s.valid_until, s.observed_at,
       s.covered_fraction, s.treatment, s.work_basis, s.confidence, s.source, r.route_id, r.section_id,
       r.network_version, r.synthetic OR coalesce(s.is_synthetic, false) AS synthetic, r.geom
FROM pub.withheld_edge JOIN pub.roads AS r USING (edge_id)
LEFT JOIN ops.edge_status AS s ON s.edge_id = r.edge_id AND s.superseded_at IS NULL
  AND s.event_id = (SELECT event_id FROM pub.dataset);

GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON pub.closures, pub.withheld_edge, mgr.orders, mgr.withheld_status
  TO yuki_publish;
GRANT SELECT ON pub.closures, pub.withheld_edge TO yuki_reader;
GRANT SELECT ON pub.closures, pub.withheld_edge, mgr.orders, mgr.withheld_status TO yuki_manager;
