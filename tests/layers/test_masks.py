"""Depots, first and last stops are hidden in the public passes, however they come to be published.

A street of pieces of 100 m; what may be shown is worked out a second time, piece by piece, with plain loops.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyproj
import pytest

from geo.db import Database, Role
from layers.publish import publish
from layers.publish_live import Changes, publish_changes
from layers.publish_orders import publish_orders

SECRET = b"secret"
LON, LAT = 136.60, 36.56
M_LON = 1 / 89_500
N = 60
MASK_M = 200.0
GAP = timedelta(minutes=180)
T0 = datetime(2026, 1, 14, 18, tzinfo=UTC)
#: Beside the street, at its 55th piece.
DEPOT = (LON + 5_500 * M_LON, LAT + 0.001)
GEOD = pyproj.Geod(ellps="WGS84")

STREET = """
INSERT INTO net.version (content_sha256, crs_epsg, n_nodes, n_edges, artefact_sha256, is_synthetic)
VALUES ('\\x01', 6675, 61, 120, '\\x00', true);
INSERT INTO net.piece (piece_id, first_version, from_node, to_node, source_id, external_id, external_from_m,
                       external_to_m, manager, road_class, oneway, level, speed_mps, is_closed, length_m, content_key,
                       geom)
SELECT i, 1, i, i + 1, 1, i::text, 0, 1, 'municipality', 'municipal', 0, 0, 10, false, ST_Length(g.geom::geography),
       '\\x00', g.geom
FROM generate_series(0, 59) AS i
CROSS JOIN LATERAL (
  SELECT ST_MakeLine(ST_SetSRID(ST_MakePoint(136.60 + i * 100 / 89500.0, 36.56), 4326),
                     ST_SetSRID(ST_MakePoint(136.60 + (i + 1) * 100 / 89500.0, 36.56), 4326)) AS geom) AS g;
INSERT INTO net.depot (depot_id, name, is_synthetic, geom)
VALUES ('D', 'D', true, ST_SetSRID(ST_MakePoint(136.60 + 5500 / 89500.0, 36.561), 4326));
INSERT INTO ops.event (kind, name, reference_at) VALUES ('storm', 's', '2026-01-14T00:00Z');
INSERT INTO ops.cover_run (event_id, as_of, n_changed, network_version)
SELECT event_id, '2026-01-14T18:00Z', 0, 1 FROM ops.event WHERE kind = 'storm';
"""
TRACE = """
INSERT INTO ops.trace (trace_id, vehicle_id, during, n_fixes, n_dropped, n_unmatched, n_breaks, content_key,
                       matcher_version, network_version, is_provisional, is_synthetic)
VALUES (%s, %s, tstzrange(%s, %s, '[]'), 9, 0, 0, 0, '', 'm', 1, false, true)
"""
PASS = """
INSERT INTO ops.pass (trace_id, seq, vehicle_id, edge_id, from_m, to_m, during, kind, status, work_basis, confidence,
                      first_fix_at, last_fix_at, n_fixes, matcher_version, network_version, is_provisional,
                      is_synthetic)
SELECT %(trace)s, %(seq)s, %(vehicle)s, 2 * piece_id + %(side)s, 0, length_m, tstzrange(%(a)s, %(b)s), 'pass',
       'matched', 'sensed', 0.97, %(a)s, %(b)s, 3, 'm', 1, false, true FROM net.piece WHERE piece_id = %(piece)s
RETURNING pass_id
"""


class Street:
    """The street and what was driven on it: (vehicle, trace, piece, side, begin, end) by pass id."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.passes: dict[int, tuple[int, int, int, int, datetime, datetime]] = {}
        self.n_traces = 0
        with database.connect(Role.ENGINE) as connection:
            connection.execute(STREET.encode())

    def drive(self, vehicle: int, begins_at: datetime, pieces: list[int], side: int = 0) -> list[int]:
        """A trace along pieces, 20 s each; the ids of its passes."""
        self.n_traces += 1
        step = timedelta(seconds=20)
        made = []
        with self.database.connect(Role.ENGINE) as connection:
            connection.execute(TRACE, (self.n_traces, vehicle, begins_at, begins_at + len(pieces) * step))
            for seq, piece in enumerate(pieces):
                a, b = begins_at + seq * step, begins_at + (seq + 1) * step
                row = connection.execute(
                    PASS, {"trace": self.n_traces, "seq": seq, "vehicle": vehicle, "side": side, "a": a, "b": b,
                           "piece": piece},
                ).fetchone()  # fmt: skip
                assert row is not None
                made.append(int(row[0]))
                self.passes[made[-1]] = (vehicle, self.n_traces, piece, side, a, b)
        return made

    def shown(self) -> set[int]:
        with self.database.connect(Role.READER) as connection:
            return {row[0] for row in connection.execute("SELECT pass_id FROM pub.passes")}

    def may_be_shown(self) -> set[int]:
        """The naive oracle: shifts by sorting, distances to points a metre apart."""
        places: dict[int, list[tuple[float, float]]] = {}
        for vehicle in {one[0] for one in self.passes.values()}:
            own = sorted((one[4], one[5], i) for i, one in self.passes.items() if one[0] == vehicle)
            shifts: list[list[int]] = []
            ended_at = datetime.min.replace(tzinfo=UTC)
            for a, b, i in own:
                if a - ended_at > GAP:
                    shifts.append([])
                shifts[-1].append(i)
                ended_at = b
            for shift in shifts:
                first, last = self.passes[shift[0]], self.passes[shift[-1]]
                # against digitising a machine comes in at the far end of a piece
                stops = [place(first[2] + first[3]), place(last[2] + 1 - last[3])]
                places |= {i: [*stops, DEPOT] for i in shift}
        return {i for i, one in self.passes.items() if all(far(one[2], to) for to in places[i])}


def place(node: float) -> tuple[float, float]:
    return LON + node * 100 * M_LON, LAT


def far(piece: int, to: tuple[float, float]) -> bool:
    """Whether every metre of a piece is farther than the mask."""
    x = np.linspace(*(place(node)[0] for node in (piece, piece + 1)), 101)
    n = len(x)
    return bool((GEOD.inv(x, np.full(n, LAT), np.full(n, to[0]), np.full(n, to[1]))[2] > MASK_M).all())


@pytest.fixture
def street(database: Database) -> Street:
    return Street(database)


def _storm(street: Street) -> None:
    """Three machines in two nights, out and back, with pauses; one of them drives in from its depot."""
    street.drive(1, T0, list(range(5, 30)))
    street.drive(1, T0 + timedelta(hours=1), list(range(29, 9, -1)), side=1)
    street.drive(2, T0, list(range(55, 30, -1)), side=1)
    street.drive(3, T0 + timedelta(hours=2), [40, 41, 42])
    street.drive(1, T0 + timedelta(hours=12), list(range(20, 45)))
    street.drive(2, T0 + timedelta(hours=2, minutes=30), list(range(31, 50)))


def test_a_whole_publication_hides_what_the_oracle_hides(street: Street) -> None:
    _storm(street)
    publish(street.database, T0 + timedelta(hours=24), SECRET)
    expected = street.may_be_shown()
    assert 40 < len(expected) < len(street.passes) - 20
    assert street.shown() == expected
    assert publish(street.database, T0 + timedelta(hours=24), SECRET).n_passes == 0


def test_published_as_they_are_driven_no_stop_is_ever_seen_and_all_ends_the_same(street: Street) -> None:
    publish(street.database, T0, SECRET)
    hours = [0.0, 1.0, 0.1, 12.0]
    ways = [list(range(5, 20)), list(range(19, 11, -1)), list(range(40, 30, -1)), list(range(20, 32))]
    with street.database.connect(Role.OWNER) as owner, street.database.connect(Role.PUBLISH) as publisher:
        for vehicle, hour, pieces in zip((1, 1, 2, 1), hours, ways, strict=True):
            made = street.drive(vehicle, T0 + timedelta(hours=hour), pieces, side=int(pieces[0] > pieces[-1]))
            # as the worker does: the trace grows, pass by pass
            owner.execute("UPDATE ops.pass SET superseded_at = now() WHERE pass_id = ANY(%s)", (made,))
            for i in made:
                owner.execute("UPDATE ops.pass SET superseded_at = NULL WHERE pass_id = %s", (i,))
                owner.commit()
                publish_changes(publisher, Changes((), [i], ()), T0 + timedelta(hours=hour))
                publisher.commit()
                on = place(street.passes[i][2] + 1 - street.passes[i][3])
                near = {p for p in street.shown() if street.passes[p][:2] == street.passes[i][:2]
                        and not far(street.passes[p][2], on)}  # fmt: skip
                assert not near, "the place that a machine has come to is told"
    shown = street.shown()
    expected = street.may_be_shown()
    assert expected <= shown
    # what was told on the way out, before the machine came back and stopped there
    assert {street.passes[i][1:3] for i in shown - expected} <= {(1, piece) for piece in range(10, 15)}
    assert publish(street.database, T0 + timedelta(hours=24), SECRET).n_passes == 0
    with street.database.connect(Role.PUBLISH) as connection:
        held = connection.execute("SELECT pass_id FROM mgr.held_pass").fetchall()
    assert {street.passes[i][0] for (i,) in held} == {1, 2}
    assert not shown & {i for (i,) in held}


def test_a_stop_of_publication_that_is_lifted_brings_no_masked_pass_back(street: Street) -> None:
    _storm(street)
    publish(street.database, T0 + timedelta(hours=24), SECRET)
    before = street.shown()
    with street.database.connect(Role.ENGINE) as connection:
        connection.execute(
            "INSERT INTO ops.road_order (order_id, entry_id, kind, during, is_everywhere, reason, is_reason_public, "
            "author, network_version, is_synthetic) VALUES (1, 1, 'publication_stop', "
            "tstzrange(now() - interval '1 minute', NULL), true, 'test', false, 'test', 1, true)"
        )
    with street.database.connect(Role.PUBLISH) as connection:
        publish_orders(connection)
    assert street.shown() == set()
    with street.database.connect(Role.ENGINE) as connection:
        connection.execute("UPDATE ops.road_order SET superseded_at = now()")
    with street.database.connect(Role.PUBLISH) as connection:
        publish_orders(connection)
    assert street.shown() == before


def test_a_pass_that_holds_no_longer_is_not_held_back_either(street: Street) -> None:
    publish(street.database, T0, SECRET)
    made = street.drive(1, T0, [5, 6, 7, 8, 9, 10, 11])
    with street.database.connect(Role.PUBLISH) as connection:
        publish_changes(connection, Changes((), made, ()), T0)
        assert connection.execute("SELECT count(*) > 0 FROM mgr.held_pass").fetchone() == (True,)
        publish_changes(connection, Changes((), (), made), T0)
        assert connection.execute("SELECT count(*) FROM mgr.held_pass").fetchone() == (0,)


def test_the_mask_is_that_of_the_settings(street: Street) -> None:
    street.drive(1, T0, list(range(5, 30)))
    publish(street.database, T0 + timedelta(hours=24), SECRET, mask_m=0)
    assert len(street.shown()) == 23  # both ends lie on their own pieces
    with street.database.connect(Role.PUBLISH) as connection:
        connection.execute("DELETE FROM pub.passes")
        connection.execute("UPDATE pub.dataset SET published_at = 'epoch'")
    publish(street.database, T0 + timedelta(hours=24), SECRET, mask_m=1_000, shift_gap_min=60)
    assert {street.passes[i][2] for i in street.shown()} == set(range(15, 20))
