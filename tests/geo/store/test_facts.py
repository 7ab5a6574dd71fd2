"""From fixes in raw to facts in ops on a real PostGIS: written once, amended by late data, nothing on a rerun."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from geo.db import Database, Role
from geo.matching.candidates import GridIndex, build_index
from geo.matching.matcher import MATCHER_VERSION
from geo.network import Network
from geo.settings import NetworkSettings, Settings
from geo.store.facts import MatchReport, match_new_fixes
from geo.store.network import refresh_network

T0 = datetime(2026, 1, 20, 3, 0, tzinfo=UTC)
LATER = T0 + timedelta(days=1)
#: 1.5 km of main street in three pieces, and a side street in the middle that nobody drives.
TOWN: dict[str, Any] = {
    "a": [(0, 0), (500, 0)],
    "b": [(500, 0), (1000, 0)],
    "c": [(1000, 0), (1500, 0)],
    "side": [(1000, 0), (1000, 400)],
}
DOWN, UP = {"blade": True}, {"blade": False}


@dataclass
class World:
    database: Database
    network: Network
    index: GridIndex

    def match(self, at: datetime = LATER) -> MatchReport:
        return match_new_fixes(self.database, self.network, self.index, Settings(), at=at)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.database.connect(Role.ENGINE) as connection:
            return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]

    def live_facts(self) -> list[tuple[Any, ...]]:
        """The facts that hold, without ids: what two histories of the same data have to agree on."""
        return self.rows(
            "SELECT vehicle_id, lower(during), upper(during), edge_id, round(from_m::numeric, 3), "
            "round(to_m::numeric, 3), kind, status, treatment, work_basis, confidence, n_fixes, first_fix_at, "
            "last_fix_at, is_provisional FROM ops.pass WHERE superseded_at IS NULL ORDER BY 1, 2, 3, 4, 5"
        )

    def count(self, table: str, where: str = "true") -> int:
        return int(self.rows(f"SELECT count(*) FROM {table} WHERE {where}")[0][0])  # noqa: S608


@pytest.fixture
def world(database: Database, give_roads: Callable[..., int], tmp_path: Path) -> World:
    give_roads(TOWN)
    network = refresh_network(database, tmp_path, NetworkSettings(), lambda done, total: None).network
    return World(database, network, build_index(network))


def drive(start: datetime, x0: float, x1: float, flags: dict[str, Any], every_s: int = 15) -> list[tuple[Any, ...]]:
    """Fixes along the main street at 5 m/s, 2 m beside it."""
    way = 1 if x1 > x0 else -1
    n = int(abs(x1 - x0) / (5 * every_s))
    return [(start + timedelta(seconds=i * every_s), x0 + way * 5 * every_s * i, 2.0, flags) for i in range(n + 1)]


def test_a_drive_becomes_passes_with_all_their_evidence(world: World, give_fixes: Callable[..., int]) -> None:
    vehicle = give_fixes("plough 1", drive(T0, 0, 1500, DOWN))
    report = world.match()
    assert (report.n_vehicles, report.n_fixes, report.n_traces, report.n_passes) == (1, 21, 1, 3)
    assert report.outcomes["kept"] == 21
    assert sum(report.outcomes.values()) == report.n_fixes
    trace = world.rows(
        "SELECT vehicle_id, lower(during), upper(during), n_fixes, n_dropped, n_unmatched, n_breaks, matcher_version, "
        "network_version, is_provisional, is_synthetic, length(content_key), superseded_at FROM ops.trace"
    )
    assert trace == [
        (
            vehicle,
            T0,
            T0 + timedelta(seconds=300),
            21,
            0,
            0,
            0,
            MATCHER_VERSION,
            world.network.version,
            False,
            False,
            16,
            None,
        )
    ]
    passes = world.rows(
        "SELECT edge_id & 1, to_m - from_m, kind, status, treatment, work_basis, confidence, n_fixes, "
        "first_fix_at >= lower(during), upper(during) - lower(during), network_version FROM ops.pass ORDER BY seq"
    )
    assert [row[0] for row in passes] == [0, 0, 0]
    assert [row[1] for row in passes] == pytest.approx([500, 500, 500], abs=2)
    for row in passes:
        assert row[2:6] == ("pass", "matched", None, "sensed")
        assert 0.5 < row[6] <= 1
        assert row[8]
        assert row[9].total_seconds() == pytest.approx(100, abs=2)
        assert row[10] == world.network.version
    assert sum(row[7] for row in passes) == 21


def test_a_run_without_news_writes_nothing(world: World, give_fixes: Callable[..., int]) -> None:
    give_fixes("plough 1", drive(T0, 0, 1500, DOWN))
    world.match()
    before = world.rows("SELECT * FROM ops.pass"), world.rows("SELECT * FROM ops.trace")
    mark = world.rows("SELECT * FROM ops.watermark")
    assert world.match() == MatchReport()
    give_fixes("plough 1", drive(T0, 0, 1500, DOWN))
    assert world.match() == MatchReport()
    assert (world.rows("SELECT * FROM ops.pass"), world.rows("SELECT * FROM ops.trace")) == before
    assert world.rows("SELECT * FROM ops.watermark") == mark


def test_fixes_that_count_as_new_again_change_no_fact(world: World, give_fixes: Callable[..., int]) -> None:
    give_fixes("plough 1", drive(T0, 0, 1500, DOWN))
    world.match()
    before = world.rows("SELECT * FROM ops.pass ORDER BY pass_id"), world.rows("SELECT * FROM ops.trace")
    with world.database.connect(Role.ENGINE) as connection:
        connection.execute("DELETE FROM ops.watermark")
    report = world.match()
    assert (report.n_traces, report.n_traces_kept, report.n_passes) == (0, 1, 0)
    assert (world.rows("SELECT * FROM ops.pass ORDER BY pass_id"), world.rows("SELECT * FROM ops.trace")) == before


def test_an_open_trace_is_provisional_and_becomes_final_when_it_goes_quiet(
    world: World, give_fixes: Callable[..., int]
) -> None:
    give_fixes("plough 1", drive(T0, 0, 1500, DOWN))
    world.match(at=T0 + timedelta(minutes=6))
    assert world.count("ops.pass", "is_provisional") == 3
    facts = [row[:-1] for row in world.live_facts()]
    report = world.match(at=T0 + timedelta(minutes=60))
    assert (report.n_traces, report.n_passes, report.n_passes_superseded) == (1, 3, 3)
    assert [row[:-1] for row in world.live_facts()] == facts
    assert world.count("ops.pass", "is_provisional AND superseded_at IS NULL") == 0
    assert world.count("ops.trace") == 2
    assert len(world.rows("SELECT DISTINCT trace_id FROM ops.trace")) == 1
    assert world.match(at=T0 + timedelta(minutes=61)) == MatchReport()


def test_a_growing_trace_keeps_the_passes_that_did_not_change(world: World, give_fixes: Callable[..., int]) -> None:
    whole = drive(T0, 0, 1500, DOWN)
    give_fixes("plough 1", whole[:16])
    world.match(at=T0 + timedelta(minutes=4))
    first = world.rows("SELECT pass_id FROM ops.pass ORDER BY seq")
    give_fixes("plough 1", whole[16:])
    world.match(at=T0 + timedelta(minutes=6))
    live = world.rows("SELECT pass_id, trace_id FROM ops.pass WHERE superseded_at IS NULL ORDER BY seq")
    assert live[0][0] == first[0][0]
    assert len(live) == 3
    assert len({row[1] for row in live}) == 1


def test_late_fixes_amend_the_past_that_they_touch_and_nothing_else(
    world: World, give_fixes: Callable[..., int]
) -> None:
    whole = drive(T0, 0, 1500, DOWN)
    second = drive(T0 + timedelta(hours=2), 1500, 0, DOWN)
    give_fixes("plough 1", whole[:8] + whole[14:] + second)
    give_fixes("plough 2", drive(T0, 0, 1500, UP))
    world.match()
    others = world.rows("SELECT * FROM ops.pass WHERE lower(during) > '2026-01-20T04:30Z' ORDER BY pass_id")
    known = datetime.now(UTC)
    give_fixes("plough 1", whole)
    report = world.match()
    assert (report.n_vehicles, report.n_traces, report.n_traces_kept) == (1, 1, 1)
    assert world.rows("SELECT * FROM ops.pass WHERE lower(during) > '2026-01-20T04:30Z' ORDER BY pass_id") == others
    ended = world.rows("SELECT min(superseded_at), max(recorded_at) FROM ops.pass WHERE superseded_at IS NOT NULL")
    assert ended[0][0] > known > ended[0][1]


def test_blade_up_is_a_deadhead_and_no_sensor_is_unknown_until_the_source_says_more(
    world: World, give_fixes: Callable[..., int]
) -> None:
    give_fixes("plough 1", drive(T0, 0, 1500, UP))
    give_fixes("mute 1", drive(T0, 0, 1500, {}), source="mute")
    give_fixes("told 1", drive(T0, 0, 1500, {}), source="told", work_basis="assumed")
    world.match()
    kinds = world.rows(
        "SELECT v.external_id, p.kind, p.work_basis, count(*), max(p.confidence) <= 0.951 FROM ops.pass AS p "
        "JOIN raw.vehicle AS v USING (vehicle_id) GROUP BY 1, 2, 3 ORDER BY 1"
    )
    assert [row[:4] for row in kinds] == [
        ("mute 1", "unknown", "unknown", 3),
        ("plough 1", "deadhead", "sensed", 3),
        ("told 1", "pass", "assumed", 3),
    ]
    assert kinds[0][4]
    assert kinds[2][4]


def test_changing_what_a_source_says_amends_its_facts_when_it_is_read_again(
    world: World, give_fixes: Callable[..., int]
) -> None:
    give_fixes("mute 1", drive(T0, 0, 1500, {}), source="mute")
    world.match()
    give_fixes("mute 1", drive(T0 + timedelta(seconds=315), 1500, 1500, {}), source="mute", work_basis="declared")
    world.match()
    assert {row[6] for row in world.live_facts()} == {"pass"}


def test_a_vehicle_far_from_every_road_is_kept_as_unmatched(world: World, give_fixes: Callable[..., int]) -> None:
    field = [(T0 + timedelta(seconds=15 * i), 200 + 60 * i, 900.0, DOWN) for i in range(20)]
    give_fixes("lost", field)
    report = world.match()
    assert (report.n_passes, report.n_unmatched) == (0, 1)
    row = world.rows("SELECT n_fixes, reason, ST_NPoints(geom), lower(during), upper(during) FROM ops.unmatched")
    assert row == [(20, "no_road", 20, field[0][0], field[-1][0])]
    assert world.rows("SELECT n_unmatched FROM ops.trace") == [(20,)]
    give_fixes("lost", [(T0 + timedelta(seconds=300), 1400.0, 900.0, DOWN)])
    world.match()
    assert world.rows("SELECT n_fixes FROM ops.unmatched WHERE superseded_at IS NULL") == [(21,)]
    assert world.count("ops.unmatched") == 2


def test_facts_are_the_same_in_whatever_order_and_parts_the_fixes_come(
    world: World, database: Database, give_fixes: Callable[..., int]
) -> None:
    rng = random.Random(7)
    rows = drive(T0, 0, 1500, DOWN) + drive(T0 + timedelta(minutes=7), 1500, 300, UP)
    rows += [(T0 + timedelta(minutes=12, seconds=30 * i), 300 + rng.uniform(-3, 3), 3.0, UP) for i in range(80)]
    rows += drive(T0 + timedelta(minutes=55), 300, 1500, DOWN) + drive(T0 + timedelta(hours=3), 1500, 0, DOWN)
    give_fixes("whole", rows)
    world.match()
    shuffled = rows[:]
    rng.shuffle(shuffled)
    for part in (shuffled[0:40], shuffled[40:41], shuffled[41:120], shuffled[120:]):
        give_fixes("parts", part)
        world.match()
    vehicles = dict(world.rows("SELECT external_id, vehicle_id FROM raw.vehicle"))
    facts = world.live_facts()
    whole = [row[1:] for row in facts if row[0] == vehicles["whole"]]
    assert whole == [row[1:] for row in facts if row[0] == vehicles["parts"]]
    assert len(whole) > 8
    traces = (
        "SELECT during, n_fixes, n_unmatched, n_breaks FROM ops.trace WHERE superseded_at IS NULL AND vehicle_id = "
    )
    assert world.rows(f"{traces}{vehicles['whole']} ORDER BY during") == world.rows(
        f"{traces}{vehicles['parts']} ORDER BY during"
    )


def test_the_vehicle_state_is_its_last_word(world: World, give_fixes: Callable[..., int]) -> None:
    rows = drive(T0, 0, 1500, UP) + drive(T0 + timedelta(hours=6), 1500, 700, DOWN | {"heading_deg": 270})
    vehicle = give_fixes("plough 1", rows, synthetic=True)
    world.match()
    state = world.rows(
        "SELECT vehicle_id, last_fix_at, heading_deg, is_working, treatment, shift_started_at, is_shift_over, "
        "is_synthetic, source, vehicle FROM ops.vehicle_state"
    )
    shift = T0 + timedelta(hours=6)
    assert state == [(vehicle, rows[-1][0], 270, True, None, shift, False, True, "gps", "plough 1")]
    edge = world.rows(
        "SELECT p.external_id, s.edge_id & 1 FROM ops.vehicle_state AS s "
        "JOIN net.piece AS p ON p.piece_id = s.edge_id >> 1"
    )
    assert edge == [("b", 1)]
    give_fixes("plough 1", [(rows[-1][0] + timedelta(seconds=15), 690.0, 0.0, UP)])
    give_fixes("plough 1", [(T0 - timedelta(hours=9), 690.0, 0.0, UP)])
    world.match()
    assert world.rows("SELECT is_working, shift_started_at, heading_deg FROM ops.vehicle_state") == [
        (False, shift, None)
    ]


def test_a_stay_at_a_depot_ends_the_shift_and_leaving_begins_another(
    world: World, give_fixes: Callable[..., int]
) -> None:
    with world.database.connect(Role.ENGINE) as connection:
        connection.execute(
            "INSERT INTO net.depot (depot_id, name, is_synthetic, geom) "
            "VALUES ('1', 'd', false, ST_SetSRID(ST_MakePoint(136.65 + 1500.0 / 89500, 36.56), 4326))"
        )
    stay = [(T0 + timedelta(minutes=5 + i), 1500.0, 60.0, UP) for i in range(1, 40)]
    give_fixes("plough 1", drive(T0, 0, 1500, DOWN) + stay)
    world.match()
    assert world.rows("SELECT is_shift_over, shift_started_at FROM ops.vehicle_state") == [(True, T0)]
    give_fixes("plough 1", drive(T0 + timedelta(minutes=45), 1500, 900, DOWN))
    world.match()
    again = world.rows("SELECT is_shift_over, shift_started_at FROM ops.vehicle_state")
    # the last fix within 150 m of the depot
    assert again == [(False, T0 + timedelta(minutes=45, seconds=15))]
