"""Live facts and states against those of whole traces and whole networks: whatever the order, the restarts."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from geo.db import Database, Role
from geo.errors import ConflictError
from geo.matching.candidates import build_index
from geo.settings import NetworkSettings, Settings
from geo.store.events import open_event
from geo.store.facts import match_new_fixes
from geo.store.live import LiveFacts
from geo.store.network import refresh_network
from geo.store.status import refresh_status
from geo.store.status_live import LiveStatus
from geo.vocabulary import EventKind

T0 = datetime(2026, 1, 20, 3, 0, tzinfo=UTC)
GRID: dict[str, Any] = {
    **{f"w{i}{j}": [(300 * i, 300 * j), (300 * i + 300, 300 * j)] for i in range(4) for j in range(3)},
    **{f"n{i}{j}": [(300 * i, 300 * j), (300 * i, 300 * j + 300)] for i in range(5) for j in range(2)},
}
FACTS = (
    "SELECT v.external_id, lower(p.during), upper(p.during), p.edge_id, p.from_m, p.to_m, p.kind, p.status, "
    "p.treatment, p.work_basis, p.confidence, p.n_fixes, p.first_fix_at, p.last_fix_at, p.is_provisional, p.seq "
    "FROM ops.pass AS p JOIN raw.vehicle AS v USING (vehicle_id) "
    "WHERE p.superseded_at IS NULL ORDER BY v.external_id, p.trace_id, p.seq"
)
STATES = (
    "SELECT edge_id, event_id, state, reason, cleared_at, valid_until, observed_at, covered_fraction, treatment, "
    "work_basis, confidence, source, network_version, passed_fraction, passes_needed, spread_at, sidewalk_at, "
    "restriction, is_corrected, snow_cell, snow_at_clearing_cm "
    "FROM ops.edge_status WHERE superseded_at IS NULL ORDER BY edge_id"
)
TREATED = (
    "SELECT edge_id, treatment, covered::text, covered_fraction, reached_at FROM ops.treatment_coverage "
    "WHERE superseded_at IS NULL ORDER BY edge_id, treatment"
)
COVERED = (
    "SELECT edge_id, covered::text, covered_fraction FROM ops.coverage WHERE superseded_at IS NULL ORDER BY edge_id"
)


def tour(n: int, every_s: float = 5.0, offset: int = 0) -> list[tuple[Any, ...]]:
    """n fixes of a plough that goes round blocks at 8 m/s, a few metres beside the road, its blade up now and then."""
    corners = [(0, 0), (600, 0), (600, 300), (300, 300), (300, 600), (1200, 600), (1200, 0), (300, 0), (300, 300)]
    corners = corners[offset:] + corners[1 : offset + 1]
    line = []
    for (xa, ya), (xb, yb) in itertools.pairwise(corners):
        far = abs(xb - xa) + abs(yb - ya)
        line += [(xa + (xb - xa) * at / far, ya + (yb - ya) * at / far) for at in np.arange(0, far, 8 * every_s)]
    return [
        (T0 + timedelta(seconds=every_s * k), x + 3 * (-1) ** k, y + 2, {"blade": k % 37 < 29})
        for k, (x, y) in enumerate(line[:n])
    ]


class Worker:
    """Live facts and states in one database; what it keeps lives as long as it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.network = refresh_network(database, folder, NetworkSettings(), lambda done, total: None).network
        self.index = build_index(self.network)
        self.settings = Settings()
        self.facts = LiveFacts(self.network, self.index, self.settings)
        self.status: LiveStatus | None = None

    @contextmanager
    def engine(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        with self.database.connect(Role.ENGINE) as connection:
            yield connection

    def turn(self, at: datetime) -> None:
        """What comes in, then what waits for a look as a whole."""
        with self.engine() as connection:
            self.facts.turn(connection, at)
        while self.facts.n_waiting:
            with self.engine() as connection:
                self.facts.whole_turn(connection, at, 0.0)

    def close(self, at: datetime) -> None:
        with self.engine() as connection:
            self.facts.close_quiet(connection, at)
        self.turn(at)

    def states(self, at: datetime) -> None:
        """Bring the states up to date: all the first time, then what was touched and what the clock changes."""
        if self.status is None:
            refresh_status(self.database, self.network, self.settings.states, at)
            with self.engine() as connection:
                connection.execute("DELETE FROM ops.touch")
                self.status = LiveStatus.read(connection, self.network, self.settings.states, at)
            return
        with self.engine() as connection:
            rows = connection.execute("DELETE FROM ops.touch RETURNING edge_ids").fetchall()
            touched = self.network.position_of(np.unique(np.array([one for row in rows for one in row[0]], np.int64)))
            self.status.update(connection, np.union1d(touched, self.status.look(connection, at)), at)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.engine() as connection:
            return connection.execute(sql).fetchall()

    def forget_facts(self) -> None:
        with self.database.connect(Role.OWNER) as connection:
            for table in ("ops.pass", "ops.trace", "ops.unmatched", "ops.watermark", "ops.vehicle_state"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608

    def whole(self, at: datetime) -> list[tuple[Any, ...]]:
        """The facts that all fixes give when they are read at once, all others forgotten."""
        self.forget_facts()
        match_new_fixes(self.database, self.network, self.index, self.settings, at=at)
        return self.rows(FACTS)


@pytest.fixture
def worker(database: Database, give_roads: Callable[..., int], tmp_path: Path) -> Worker:
    give_roads(GRID)
    return Worker(database, tmp_path)


def near(a: list[tuple[Any, ...]], b: list[tuple[Any, ...]], is_end_open: bool) -> bool:
    """Whether live facts stand for those of whole traces, within what compare() allows."""
    if len(a) != len(b):
        return False
    for i, (one, other) in enumerate(zip(a, b, strict=True)):
        last = is_end_open and (i + 1 == len(a) or a[i + 1][0] != one[0])
        metres, seconds = (51.0, 21.0) if last else (1.5, 3.0)
        same = (one[0], one[3], *one[6:10], *one[14:]) == (other[0], other[3], *other[6:10], *other[14:])
        close = all(abs((one[k] - other[k]).total_seconds()) <= seconds for k in (1, 2))
        close &= all(abs(one[k] - other[k]) <= metres for k in (4, 5)) and abs(one[10] - other[10]) <= 0.06
        if not (same and close):
            return False
    return True


@pytest.mark.parametrize("every_s", [1.0, 5.0, 10.0])
@pytest.mark.parametrize("size", [1, 3, 7])
def test_live_facts_stand_for_those_of_the_open_trace(
    worker: Worker, give_fixes: Callable[..., int], every_s: float, size: int
) -> None:
    rows = tour(70 if every_s > 1 else 260, every_s)
    for first in range(0, len(rows), size):
        give_fixes("plough 1", rows[first : first + size])
        worker.turn(rows[min(first + size, len(rows)) - 1][0])
    assert worker.facts.traces[1].base > 0 or every_s == 1.0
    worker.turn(rows[-1][0] + timedelta(seconds=30))
    live = worker.rows(FACTS)
    assert len(live) > 4
    whole = worker.whole(rows[-1][0] + timedelta(seconds=30))
    assert near(live, whole, is_end_open=True), (live, whole)


def test_late_repeated_and_restarted_all_end_in_the_facts_of_one_ordered_upload(
    worker: Worker, give_fixes: Callable[..., int]
) -> None:
    rng = np.random.default_rng(5)
    tours = {"plough 1": tour(90), "plough 2": tour(90, offset=3), "plough 3": tour(60, 10.0, offset=5)}
    for k in range(0, 90, 4):
        for name, rows in tours.items():
            part = rows[k : k + 4]
            if name == "plough 2":  # out of order and twice
                part = [rows[i] for i in rng.permutation(range(max(k - 6, 0), min(k + 4, len(rows))))]
            if name == "plough 3" and k in (20, 24):  # heard an hour later
                continue
            if part:
                give_fixes(name, part)
        worker.turn(T0 + timedelta(seconds=5 * k + 20))
        if k in (32, 60):
            worker.facts = LiveFacts(worker.network, worker.index, worker.settings)
    late = T0 + timedelta(hours=1)
    give_fixes("plough 3", tours["plough 3"][20:28])
    worker.turn(late)
    worker.close(late)
    facts = worker.rows(FACTS)
    assert not any(fact[14] for fact in facts)
    assert {fact[0] for fact in facts} == set(tours)
    assert facts == worker.whole(late)


def test_a_late_fix_of_an_earlier_drive_cuts_nothing_off_the_open_trace(
    worker: Worker, give_fixes: Callable[..., int]
) -> None:
    """The stored row of an open trace lags behind its fixes (ROW_S), and here the trace is as good as quiet."""
    rows = tour(90)
    earlier = [(at - timedelta(hours=2), *rest) for at, *rest in tour(40)]
    give_fixes("plough 1", earlier[:20])
    worker.turn(T0 - timedelta(hours=1))
    for k in range(0, 90, 3):
        give_fixes("plough 1", rows[k : k + 3])
        worker.turn(rows[k + 2][0])
    stored = "SELECT max(upper(during)) FROM ops.trace WHERE superseded_at IS NULL AND is_provisional"
    assert worker.rows(stored)[0][0] < rows[-1][0]
    give_fixes("plough 1", earlier[20:])
    worker.turn(rows[-1][0] + timedelta(seconds=890))
    late = rows[-1][0] + timedelta(hours=1)
    worker.close(late)
    facts = worker.rows(FACTS)
    assert facts[-1][13] == rows[-1][0]
    assert sorted(facts) == sorted(worker.whole(late))


def test_what_waits_for_a_whole_look_when_a_worker_dies_is_read_again_by_the_next(
    worker: Worker, give_fixes: Callable[..., int]
) -> None:
    """Of a drive that is closed nothing else would ever ask for it: only the mark, which stays before what waits."""
    rows = tour(60)
    late = T0 + timedelta(hours=2)
    give_fixes("plough 1", rows[:40])
    worker.turn(late)
    give_fixes("plough 1", rows[40:])
    with worker.engine() as connection:
        worker.facts.turn(connection, late)
    assert worker.facts.n_waiting == 1
    worker.facts = LiveFacts(worker.network, worker.index, worker.settings)
    worker.turn(late)
    facts = worker.rows(FACTS)
    assert facts[-1][13] == rows[-1][0]
    assert facts == worker.whole(late)


def test_two_workers_share_the_vehicles_and_end_in_the_same_facts(
    worker: Worker, give_fixes: Callable[..., int]
) -> None:
    names = [f"plough {i}" for i in range(4)]
    pair = [LiveFacts(worker.network, worker.index, worker.settings, i, 2) for i in range(2)]
    for k in range(0, 60, 5):
        for i, name in enumerate(names):
            give_fixes(name, tour(60, offset=i)[k : k + 5])
        for one in pair:
            worker.facts = one
            worker.turn(T0 + timedelta(seconds=5 * k + 25))
    assert [len(one.traces) for one in pair] == [2, 2]
    late = T0 + timedelta(hours=1)
    for one in pair:
        worker.facts = one
        worker.close(late)
    facts = worker.rows(FACTS)
    assert facts == worker.whole(late)


def test_a_turn_that_fails_changes_nothing_and_the_next_one_makes_it_good(
    worker: Worker, give_fixes: Callable[..., int]
) -> None:
    rows = tour(80)
    give_fixes("plough 1", rows[:30])
    worker.turn(rows[29][0])
    give_fixes("plough 1", rows[30:50])
    before = worker.rows(FACTS)
    connection = psycopg.connect(worker.database.conninfo_of(Role.ENGINE))
    worker.facts.turn(connection, rows[49][0])
    connection.close()  # before any commit
    assert worker.rows(FACTS) == before
    worker.facts.forget()
    worker.turn(rows[49][0])
    assert len(worker.rows(FACTS)) > len(before)
    # somebody else matched the trace meanwhile
    worker.turn(rows[49][0])
    with worker.database.connect(Role.OWNER) as connection:
        connection.execute("UPDATE ops.pass SET superseded_at = now() WHERE superseded_at IS NULL")
    give_fixes("plough 1", rows[50:70])
    with pytest.raises(ConflictError, match="changed by somebody else"):
        worker.turn(rows[69][0])


def test_states_of_touched_edges_are_those_of_the_whole_network(worker: Worker, give_fixes: Callable[..., int]) -> None:
    open_event(worker.database, EventKind.STORM, "storm", T0 - timedelta(hours=1))
    tours = {"plough 1": tour(90), "plough 2": tour(90, offset=4)}
    worker.states(T0)
    seen = set()
    for k in range(0, 90, 5):
        at = T0 + timedelta(seconds=5 * k + 20)
        for name, rows in tours.items():
            give_fixes(name, rows[k : k + 5])
        worker.turn(at)
        worker.states(at)
        live = worker.rows(STATES), worker.rows(COVERED)
        seen |= {row[2] for row in live[0]}
        refresh_status(worker.database, worker.network, worker.settings.states, at)
        assert (worker.rows(STATES), worker.rows(COVERED)) == live
    assert seen >= {"cleared", "clearing"}
    for hours in (0.9, 1.2, 20.0, 26.0):  # work under way ends, clearings run out
        at = T0 + timedelta(hours=hours)
        worker.close(at)
        worker.states(at)
        live = worker.rows(STATES), worker.rows(COVERED)
        assert refresh_status(worker.database, worker.network, worker.settings.states, at).n_changed == 0
        assert (worker.rows(STATES), worker.rows(COVERED)) == live
    assert {row[2] for row in live[0]} == {"unknown"}
    assert "expired" in {row[3] for row in live[0]}


def test_a_clock_that_is_ahead_counts_when_its_time_has_come(worker: Worker, give_fixes: Callable[..., int]) -> None:
    open_event(worker.database, EventKind.STORM, "storm", T0 - timedelta(hours=1))
    worker.states(T0)
    rows = tour(40)
    give_fixes("plough 1", rows)
    for at in (rows[10][0], rows[25][0], rows[-1][0] + timedelta(seconds=1)):
        worker.turn(at)
        worker.states(at)
        live = worker.rows(STATES)
        refresh_status(worker.database, worker.network, worker.settings.states, at)
        assert worker.rows(STATES) == live


MIXED_GRID: dict[str, Any] = {
    name: (points, {} if i % 3 == 0 else {"lanes": 4} if i % 3 == 1 else {"width_m": 3.5})
    for i, (name, points) in enumerate(GRID.items())
}


def test_snow_orders_and_narrow_and_wide_roads_come_out_live_as_they_do_at_once(
    database: Database,
    give_roads: Callable[..., int],
    give_fixes: Callable[..., int],
    give_weather: Callable[..., None],
    give_order: Callable[..., None],
    tmp_path: Path,
) -> None:
    give_roads(MIXED_GRID)
    worker = Worker(database, tmp_path)
    open_event(database, EventKind.STORM, "storm", T0 - timedelta(hours=1))
    names = dict(worker.rows("SELECT external_id, piece_id FROM net.piece"))
    for k, (word, minutes) in enumerate([("cleared", 4), ("uncleared", 6), ("clearing", 3), ("unknown", 5)]):
        begins = T0 + timedelta(minutes=k + 1)
        give_order(2 * names["w00"] + k % 2, 300, begins, begins + timedelta(minutes=minutes), state=word)
        give_order(2 * names["w11"], 300, begins, begins + timedelta(minutes=minutes), restriction="one_lane")
    give_order(2 * names["w10"], 300, T0 + timedelta(minutes=3), T0 + timedelta(minutes=6), restriction="closed")
    flags = [{"treatment": "anti_icing", "spreader": True}, {"treatment": "fresh_snow_plowing"}]
    rows = [(at, x, y, {**columns, **flags[i // 20 % 2]}) for i, (at, x, y, columns) in enumerate(tour(120))]
    other = tour(120, offset=2)
    fall = [(T0 + timedelta(minutes=10 * m), cm) for m, cm in enumerate([0, 2, 3, 9, 16, 25, 29, 29])]
    give_weather([(T0 - timedelta(hours=1), 0), *fall[:1]])
    worker.states(T0)
    seen: set[tuple[str, str]] = set()

    def compare(at: Any) -> None:
        worker.states(at)
        live = [worker.rows(sql) for sql in (STATES, COVERED, TREATED)]
        found = refresh_status(worker.database, worker.network, worker.settings.states, at)
        assert found.n_changed == found.n_coverage_changed == 0
        assert [worker.rows(sql) for sql in (STATES, COVERED, TREATED)] == live
        seen.update((row[2], row[3]) for row in live[0])

    for k in range(0, 120, 8):
        give_fixes("plough 1", rows[k : k + 8])
        give_fixes("plough 2", other[k : k + 8])
        at = T0 + timedelta(seconds=5 * k + 40)
        worker.turn(at)
        compare(at)
    for at, cm in fall[1:]:
        give_weather([(at, cm)])
        worker.close(at + timedelta(minutes=11))
        compare(at + timedelta(minutes=11))
    assert seen >= {
        ("cleared", "none"), ("clearing", "none"), ("uncleared", "none"), ("unknown", "closed"), ("unknown", "none"),
        ("unknown", "snowed_over"),
    }  # fmt: skip
    needed = dict(worker.rows("SELECT passes_needed, count(*) FROM ops.edge_status GROUP BY 1"))
    assert set(needed) == {1, 2}
    assert worker.rows(TREATED)
