"""Facts of open traces: however the fixes come in, and whatever a process still keeps, what holds in the end is one."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from geo.db import Database, Role
from geo.matching.candidates import build_index
from geo.matching.online_open import OpenTrips
from geo.settings import NetworkSettings, Settings
from geo.store.facts import match_new_fixes
from geo.store.network import refresh_network

T0 = datetime(2026, 1, 20, 3, 0, tzinfo=UTC)
GRID: dict[str, Any] = {
    **{f"w{i}{j}": [(300 * i, 300 * j), (300 * i + 300, 300 * j)] for i in range(4) for j in range(3)},
    **{f"n{i}{j}": [(300 * i, 300 * j), (300 * i, 300 * j + 300)] for i in range(5) for j in range(2)},
}
FACTS = (
    "SELECT vehicle_id, lower(during), upper(during), edge_id, round(from_m::numeric, 3), round(to_m::numeric, 3), "
    "kind, status, treatment, work_basis, confidence, n_fixes, first_fix_at, last_fix_at, is_provisional "
    "FROM ops.pass WHERE superseded_at IS NULL ORDER BY 1, 2, 3, 4, 5"
)


def round_the_grid(n: int) -> list[tuple[Any, ...]]:
    """n fixes of a plough that goes round blocks at 8 m/s, one every 10 s, a few metres beside the road."""
    corners = [(0, 0), (600, 0), (600, 300), (300, 300), (300, 600), (1200, 600), (1200, 0), (300, 0), (300, 300)]
    places = []
    for (xa, ya), (xb, yb) in itertools.pairwise(corners):
        far = abs(xb - xa) + abs(yb - ya)
        places += [(xa + (xb - xa) * at / far, ya + (yb - ya) * at / far) for at in range(0, far, 80)]
    return [
        (T0 + timedelta(seconds=10 * k), x + 3 * (-1) ** k, y + 2, {"blade": k % 17 < 12})
        for k, (x, y) in enumerate(places[:n])
    ]


class Feed:
    """Matches in one database; `kept` lives as long as a process."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.kept = database, OpenTrips()
        self.network = refresh_network(database, folder, NetworkSettings(), lambda done, total: None).network
        self.index = build_index(self.network)

    def match(self, at: datetime) -> None:
        match_new_fixes(self.database, self.network, self.index, Settings(), at=at, open_trips=self.kept)

    def facts(self) -> list[tuple[Any, ...]]:
        with self.database.connect(Role.ENGINE) as connection:
            return connection.execute(FACTS).fetchall()

    def forget_facts(self) -> None:
        with self.database.connect(Role.OWNER) as connection:
            for table in ("ops.pass", "ops.trace", "ops.unmatched", "ops.watermark"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608


@pytest.fixture
def feed(database: Database, give_roads: Callable[..., int], tmp_path: Path) -> Feed:
    give_roads(GRID)
    return Feed(database, tmp_path)


def test_fixes_in_batches_end_in_the_facts_of_all_at_once(feed: Feed, give_fixes: Callable[..., int]) -> None:
    rows = round_the_grid(50)
    for first in range(0, len(rows), 7):
        part = rows[first : first + 7]
        give_fixes("plough 1", part)
        feed.match(part[-1][0] + timedelta(seconds=5))
        assert all(fact[-1] for fact in feed.facts())
        if first == 21:
            # a restart in between
            feed.kept = OpenTrips()
    open_facts = feed.facts()
    feed.match(T0 + timedelta(days=1))
    final = feed.facts()
    assert len(final) > 8
    assert not any(fact[-1] for fact in final)
    assert [fact[3] for fact in open_facts] == [fact[3] for fact in final]
    feed.forget_facts()
    feed.kept = OpenTrips()
    feed.match(T0 + timedelta(days=1))
    assert feed.facts() == final


def test_what_a_process_keeps_changes_no_provisional_fact(feed: Feed, give_fixes: Callable[..., int]) -> None:
    rows = round_the_grid(45)
    for end in (20, 33, 45):
        give_fixes("plough 1", rows[:end])
        feed.match(rows[end - 1][0] + timedelta(seconds=5))
    assert feed.kept.n_stepped == 45
    kept = feed.facts()
    feed.forget_facts()
    feed.kept = OpenTrips()
    feed.match(rows[44][0] + timedelta(seconds=5))
    assert feed.facts() == kept


def test_a_late_fix_in_an_open_trace_is_taken_in_as_if_it_had_been_in_time(
    feed: Feed, give_fixes: Callable[..., int]
) -> None:
    rows, at = round_the_grid(40), T0 + timedelta(seconds=395)
    give_fixes("plough 1", rows[:15] + rows[16:])
    feed.match(at)
    give_fixes("plough 1", rows[15:16])
    feed.match(at)
    late = feed.facts()
    feed.forget_facts()
    feed.match(at)
    assert feed.facts() == late
