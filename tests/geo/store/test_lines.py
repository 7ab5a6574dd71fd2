"""From lines in raw to facts in ops on a real PostGIS: laid once, on the edges they were drawn along, with one time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geo.db import Database, Role
from geo.fix import TREATMENTS
from geo.matching.candidates import GridIndex, build_index
from geo.network import Network
from geo.settings import NetworkSettings, Settings, SourceSettings
from geo.store.facts import match_new_fixes
from geo.store.lines import VERSION, LinesReport, match_new_lines
from geo.store.network import refresh_network
from geo.store.status import refresh_status
from geo.timeline import to_us
from geo.vocabulary import Treatment
from ingest.lines import LineBatch, load_lines
from ingest.registry import register_source
from ingest.rules import WorkSays

T0 = datetime(2026, 1, 20, 3, 0, tzinfo=UTC)
LATER = T0 + timedelta(days=1)
LON0, LAT0, M_LAT, M_LON = 136.65, 36.56, 1 / 110_950, 1 / 89_500
TOWN: dict[str, Any] = {
    "a": [(0, 0), (500, 0)],
    "b": [(500, 0), (1000, 0)],
    "c": [(1000, 0), (1500, 0)],
    "side": [(1000, 0), (1000, 400)],
}
PLOWING = TREATMENTS.index(Treatment.FRESH_SNOW_PLOWING)
SALTING = TREATMENTS.index(Treatment.ANTI_ICING)
LATE = timedelta(hours=1)


@dataclass
class World:
    database: Database
    network: Network
    index: GridIndex

    def load(
        self, *points: tuple[float, float], at: datetime = T0, vehicle: str = "p1", says: dict[str, int] | None = None,
        **settings: Any,
    ) -> int:  # fmt: skip
        """Load one line drawn in metres; how many rows were written. `says`: treatment or a flag, as codes."""
        xy = np.array(points, np.float64)
        lonlat = np.column_stack([LON0 + xy[:, 0] * M_LON, LAT0 + xy[:, 1] * M_LAT])
        given = {"treatment": PLOWING} if says is None else says
        codes = {name: np.array([given.get(name, -1)], np.int8) for name in ("blade", "spreader", "work", "treatment")}
        batch = LineBatch((vehicle,), np.zeros(1, np.int64), np.array([to_us(at)]), (lonlat,), WorkSays(**codes))
        with self.database.connect(Role.INGEST) as connection:
            source_id = register_source(connection, "harja", "files", SourceSettings(**settings))
            connection.commit()
            return load_lines(connection, batch, source_id).n_accepted

    def match(self) -> LinesReport:
        return match_new_lines(self.database, self.network, self.index, late=LATE)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.database.connect(Role.ENGINE) as connection:
            return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]

    def facts(self, columns: str) -> list[tuple[Any, ...]]:
        return self.rows(f"SELECT {columns} FROM ops.pass WHERE superseded_at IS NULL ORDER BY seq")  # noqa: S608


@pytest.fixture
def world(database: Database, give_roads: Callable[..., int], tmp_path: Path) -> World:
    give_roads(TOWN)
    network = refresh_network(database, tmp_path, NetworkSettings(), lambda done, total: None).network
    return World(database, network, build_index(network))


EAST = ((0.0, 3.0), (200.0, 3.0), (400.0, 3.0), (600.0, 3.0), (800.0, 3.0), (1000.0, 3.0))


def test_a_line_becomes_passes_that_end_at_its_time(world: World) -> None:
    assert world.load(*EAST) == 1
    report = world.match()
    assert (report.n_lines, report.n_passes, report.n_kept, report.n_jumps) == (1, 2, 0, 0)
    assert report.length_m == pytest.approx(1000, abs=5)
    found = world.facts(
        "round(from_m::numeric), round(to_m::numeric), lower(during), upper(during), kind, status, treatment, "
        "work_basis, confidence, n_fixes, matcher_version, is_provisional"
    )
    same = (T0, T0, "pass", "matched", "fresh_snow_plowing", "declared", pytest.approx(0.95), 0, VERSION, False)
    assert found == [(0, 500, *same), (0, 500, *same)]
    trace = world.rows(
        "SELECT lower(during), upper(during), n_fixes, is_provisional, length(content_key) FROM ops.trace"
    )
    assert trace == [(T0, T0, 0, False, 16)]


def test_the_direction_of_the_line_is_the_direction_of_the_pass(world: World) -> None:
    world.load(*EAST)
    world.load(*EAST[::-1], at=T0 + timedelta(hours=1))
    world.match()
    there, back = (
        {row[0] for row in world.rows(f"SELECT edge_id FROM ops.pass WHERE lower(during) = '{at.isoformat()}'")}  # noqa: S608
        for at in (T0, T0 + timedelta(hours=1))
    )
    assert len(there) == 2
    assert back == {edge_id ^ 1 for edge_id in there}


@pytest.mark.parametrize(
    ("says", "settings", "kind", "basis", "treatment"),
    [
        ({"blade": 1, "treatment": PLOWING}, {}, "pass", "sensed", "fresh_snow_plowing"),
        ({"blade": 0}, {}, "deadhead", "sensed", None),
        ({"spreader": 1}, {}, "pass", "sensed", "anti_icing"),
        ({"work": 1}, {}, "pass", "declared", None),
        ({"work": 0}, {}, "deadhead", "declared", None),
        ({"treatment": SALTING}, {}, "pass", "declared", "anti_icing"),
        ({}, {}, "unknown", "unknown", None),
        ({}, {"work_basis": "assumed"}, "pass", "assumed", None),
    ],
)
def test_what_a_line_says_of_work(
    world: World, says: dict[str, int], settings: dict[str, Any], kind: str, basis: str, treatment: str | None
) -> None:
    world.load(*EAST, says=says, **settings)
    world.match()
    assert set(world.facts("kind, work_basis, treatment, confidence <= 0.5")) == {
        (kind, basis, treatment, basis == "unknown")
    }


def test_nothing_new_writes_nothing_and_a_repeat_is_nothing_new(world: World) -> None:
    world.load(*EAST)
    world.match()
    before = world.rows("SELECT xmin, ctid FROM ops.pass UNION ALL SELECT xmin, ctid FROM ops.trace")
    assert world.match() == LinesReport()
    assert world.load(*EAST) == 0
    assert world.match() == LinesReport()
    assert world.rows("SELECT xmin, ctid FROM ops.pass UNION ALL SELECT xmin, ctid FROM ops.trace") == before


def test_a_run_killed_before_it_moved_its_mark_is_completed_without_a_second_copy(world: World) -> None:
    world.load(*EAST)
    world.match()
    with world.database.connect(Role.ENGINE) as connection:
        connection.execute("DELETE FROM ops.watermark WHERE stage = 'match_lines'")
    report = world.match()
    assert (report.n_lines, report.n_kept, report.n_passes, report.n_passes_superseded) == (1, 1, 0, 0)


def test_a_burst_of_lines_may_be_laid_in_parts(world: World) -> None:
    for hour in range(5):
        world.load(*EAST, at=T0 + timedelta(hours=hour))
    n = [match_new_lines(world.database, world.network, world.index, late=LATE, most=2).n_lines for _ in range(4)]
    assert n == [2, 2, 1, 0]


def test_two_lines_of_one_vehicle_at_one_time_both_stand(world: World) -> None:
    world.load(*EAST[:3])
    world.load((1000.0, 20.0), (1000.0, 200.0), (1000.0, 390.0))
    report = world.match()
    assert (report.n_lines, report.n_passes) == (2, 2)
    assert len(world.rows("SELECT DISTINCT trace_id FROM ops.trace WHERE superseded_at IS NULL")) == 2


def test_the_edges_that_facts_touched_are_queued(world: World) -> None:
    world.load(*EAST)
    world.match()
    edges = {row[0] for row in world.facts("edge_id")}
    assert {one for row in world.rows("SELECT edge_ids FROM ops.touch") for one in row[0]} == edges


def test_a_line_through_a_jump_leaves_no_fact_between(world: World) -> None:
    # to the side street 40 km away and back: the straight lines between cross nothing that was driven
    world.load((0.0, 0.0), (100.0, 0.0), (30_000.0, 40_000.0), (1000.0, 100.0), (1000.0, 200.0), (1000.0, 300.0))
    report = world.match()
    assert report.n_jumps == 2
    spans = [(round(row[0]), round(row[1])) for row in world.facts("from_m, to_m")]
    assert spans == [(0, 100), (100, 300)]


def test_a_line_off_the_roads_is_unmatched_and_clears_nothing(world: World) -> None:
    world.load(*((float(x), 200.0) for x in range(0, 501, 100)))
    report = world.match()
    assert (report.n_passes, report.missing_m) == (0, pytest.approx(report.length_m))
    assert world.rows("SELECT reason, n_fixes, ST_NPoints(geom) FROM ops.unmatched") == [("no_road", 0, 6)]


def test_facts_of_fixes_leave_facts_of_lines_alone(world: World, give_fixes: Callable[..., int]) -> None:
    """One vehicle may send both: each kind of input has traces of its own."""
    world.load(*EAST, at=T0 + timedelta(seconds=90))
    world.match()
    lines = world.facts("pass_id, edge_id")
    drive = [(T0 + timedelta(seconds=15 * i), 75.0 * i, 2.0, {"blade": True}) for i in range(21)]
    give_fixes("p1", drive, source="harja")
    match_new_fixes(world.database, world.network, world.index, Settings(), at=LATER)
    give_fixes("p1", [(T0 + timedelta(seconds=7), 35.0, 2.0, {"blade": True})], source="harja")
    match_new_fixes(world.database, world.network, world.index, Settings(), at=LATER)
    kept = {row for row in world.facts("pass_id, edge_id") if row in lines}
    assert kept == set(lines)
    assert len(world.rows("SELECT FROM ops.trace WHERE superseded_at IS NULL AND n_fixes > 0")) == 1
    assert len(world.rows("SELECT FROM ops.trace WHERE superseded_at IS NULL AND n_fixes = 0")) == 1


def test_another_network_lays_a_line_again_only_when_it_comes_again(
    world: World, give_roads: Callable[..., int], tmp_path: Path
) -> None:
    """As with fixes: old facts are carried over along the lineage, new batches are laid on the network of today."""
    world.load(*EAST)
    world.match()
    give_roads(TOWN | {"new": [(0, 0), (0, 300)]})
    world.network = refresh_network(world.database, tmp_path, NetworkSettings(), lambda done, total: None).network
    world.index = build_index(world.network)
    assert world.match().n_lines == 0
    with world.database.connect(Role.ENGINE) as connection:
        connection.execute("DELETE FROM ops.watermark WHERE stage = 'match_lines'")
    report = world.match()
    assert (report.n_kept, report.n_passes, report.n_passes_superseded) == (0, 2, 2)
    assert {row[0] for row in world.facts("network_version")} == {world.network.version}
    assert len(world.rows("SELECT DISTINCT trace_id FROM ops.trace")) == 1


def test_lines_clear_a_street(world: World) -> None:
    world.load(*EAST)
    world.load(*EAST[::-1])
    world.match()
    report = refresh_status(world.database, world.network, Settings().states, T0 + timedelta(minutes=5))
    assert report.n_edges["cleared"] == 4
