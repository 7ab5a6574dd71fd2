"""The KPI on a real PostGIS: from facts and from raw fixes the same bytes, archived or not; against targets."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from geo.db import Database, Role
from geo.errors import ConflictError, InputError, NotFoundError
from geo.fix import Fixes
from geo.settings import SourceSettings
from geo.settings_service import ServiceSettings
from geo.store.events import close_event, open_event
from geo.timeline import to_us
from geo.vocabulary import EventKind
from ingest.fix_batch import FixBatch
from ingest.lines import LineBatch, load_lines
from ingest.load import load_fixes
from ingest.registry import register_source
from ingest.rules import WorkSays
from tests.yukimichi import archive_town
from tests.yukimichi.archive_town import DAY, LAT, LON, M_LAT, M_LON, NOW, Town, at
from yukimichi import kpi, kpi_fixes
from yukimichi.__main__ import app
from yukimichi.kpi import Kpi, from_facts, from_fixes, span_of
from yukimichi.retention import run as run_retention

STORM_AT = at(0, 2)
END = at(1, 12)
#: When an assignment ends that covers all of it.
LONG = at(9, 0)


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    """A street of 3 km without any plan yet."""
    return Town(database, tmp_path / "home")


def settle(town: Town, *assigned: tuple[str, str | None, datetime]) -> None:
    """Match everything; then two routes, each half of the street, B with 500 m that do not exist; and who works there.

    assigned  route, vehicle (None: no device), end of the assignment
    Laying plans by the pipeline would take these away: they come last.
    """
    town.refresh()
    network = town.network()
    half = float(network.length_m[0]) / 2
    with town.database.connect(Role.ENGINE) as connection:
        for route, office, more_m, from_m in (("A", "金沢土木", 0, 0.0), ("B", None, 500, half)):
            connection.execute(
                "INSERT INTO net.plough_route (route_id, name, route_class, manager, office, planned_m, laid_m, "
                "is_synthetic) VALUES (%s, %s, '第1種', 'prefecture', %s, %s, %s, false)",
                (route, f"路線{route}", office, half + more_m, half),
            )
            for edge in network.edge_id.tolist():
                connection.execute(
                    "INSERT INTO net.plan_edge (network_version, route_id, edge_id, from_m, to_m) "
                    "VALUES (%s, %s, %s, %s, %s)",
                    (network.version, route, edge, from_m, from_m + half),
                )
        ids = dict(connection.execute("SELECT external_id, vehicle_id FROM raw.vehicle").fetchall())  # type: ignore[arg-type]
        for route, vehicle, end in assigned:
            connection.execute(
                "INSERT INTO ops.assignment (route_id, contractor, machine, vehicle_id, during, is_synthetic) "
                "VALUES (%s, '北陸建設', 'M', %s, tstzrange(%s, %s), false)",
                (route, ids.get(vehicle), at(-1, 0), end),
            )


def storm(town: Town) -> int:
    event = open_event(town.database, EventKind.STORM, "大雪", STORM_AT)
    close_event(town.database, event.event_id, END)
    return event.event_id


def a_storm(town: Town) -> int:
    """Two machines drive before, in and over midnight of a storm; one has no sensor."""
    town.drive("one", at(0, 1), 11)
    town.drive("one", at(0, 3), 21)
    town.drive("two", at(0, 23, 57), 31)
    town.drive("dumb", at(0, 5), 31, blade=np.full(31, -1))
    settle(town, ("A", "one", LONG), ("B", None, LONG))
    return storm(town)


def of(town: Town, event_id: int) -> Kpi:
    return from_facts(town.context, span_of(town.context, event_id, None, None, NOW))


def test_figures_of_a_storm(town: Town) -> None:
    event_id = a_storm(town)
    found = of(town, event_id)
    tree = found.tree
    length = float(town.network().length_m[0])
    total = tree["total"]
    assert total["planned_m"] == pytest.approx(length + 500)
    assert total["in_network_m"] == pytest.approx(length)
    assert total["tracked_m"] == pytest.approx(length / 2)
    # 1,500 m by one, 2,250 m by two, the same way: the longer one, in one of two directions
    assert total["observed_m"] == pytest.approx(2250 / 2, abs=15)
    by = {row["name"]: row for row in tree["by"]["route"]}
    assert by["A"]["tracked_percent"] == pytest.approx(100)
    assert by["A"]["observed_percent"] == pytest.approx(50, abs=0.5)
    assert by["B"]["tracked_percent"] == 0
    assert by["B"]["in_network_percent"] == pytest.approx(100 * (length / 2) / (length / 2 + 500))
    offices = {row["name"]: row["planned_m"] for row in tree["by"]["office"]}
    assert offices == pytest.approx({"金沢土木": length / 2, "unknown": length / 2 + 500})
    # the network has no municipalities here: nobody knows the town
    assert [row["name"] for row in tree["by"]["municipality"]] == ["unknown"]
    assert tree["span"]["event_id"] == event_id
    assert (tree["fiscal_year"], tree["target_percent"], total["is_target_met"]) == (2025, None, None)


def test_fixes_give_the_same_bytes_also_after_archiving(town: Town) -> None:
    event_id = a_storm(town)
    span = span_of(town.context, event_id, None, None, NOW)
    before = from_facts(town.context, span)
    assert from_fixes(town.context, span).content == before.content
    report = run_retention(town.context, NOW)
    assert [one.day for one in report.archived] == [DAY, DAY + timedelta(days=1)]
    assert town.days() == []
    assert from_facts(town.context, span).content == before.content
    assert from_fixes(town.context, span).content == before.content
    day = span_of(town.context, None, date(2026, 1, 11), None, NOW)
    assert from_fixes(town.context, day).content == from_facts(town.context, day).content


def test_a_reproduction_reads_no_fact(town: Town) -> None:
    """With all passes gone the fixes still tell the whole, and the comparison says that they differ."""
    event_id = a_storm(town)
    span = span_of(town.context, event_id, None, None, NOW)
    source = kpi.read_source(town.context, span)
    told = kpi.kpi_of(town.context, source)
    with town.database.connect(Role.ENGINE) as connection:
        connection.execute("UPDATE ops.pass SET superseded_at = now()")
    heard = source.basis.heard
    again = kpi_fixes.basis_from_fixes(town.context, source.network, span, heard)
    assert kpi.kpi_of(town.context, source, again).content == told.content
    with pytest.raises(ConflictError, match="they differ in by, total"):
        from_fixes(town.context, span)


def _on_the_way(town: Town, begin: datetime, end: datetime) -> None:
    """A machine that goes up and down the street, a fix in ten minutes, without a silence that would end its trace."""
    n = (end - begin) // timedelta(minutes=10)
    i = np.arange(n)
    x = np.abs((i * 200) % 4000 - 2000) + 100
    fixes = Fixes.from_arrays(
        np.zeros(n, np.int64), to_us(begin) + i * 600_000_000, LON + x * M_LON, np.full(n, LAT), blade=np.zeros(n)
    )
    with town.database.connect(Role.INGEST) as connection:
        source_id = register_source(connection, "gps", "fixes", SourceSettings())
        connection.commit()
        load_fixes(connection, FixBatch(("all day",), fixes), source_id)


def test_small_parts_and_traces_of_days_change_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kpi_fixes, "CHUNK_FIXES", 10)
    looked: list[int] = []
    days_of = kpi_fixes._days
    monkeypatch.setattr(kpi_fixes, "_days", lambda span, more: looked.append(more) or days_of(span, more))
    _on_the_way(town, at(-3, 6), at(4, 6))
    event_id = a_storm(town)
    span = span_of(town.context, event_id, None, None, NOW)
    assert from_fixes(town.context, span).content == from_facts(town.context, span).content
    assert max(looked) == 3
    _on_the_way(town, at(-20, 6), at(-3, 6))
    town.refresh()
    with pytest.raises(ConflictError, match="drove on for 7 days"):
        from_fixes(town.context, span)


def test_open_traces_are_stepped_as_the_worker_does(town: Town) -> None:
    from geo.store.facts import match_new_fixes
    from yukimichi.pipeline import World

    settle(town)
    town.drive("one", at(0, 3), 21)
    network, index = World().take(town.network())
    match_new_fixes(town.database, network, index, town.settings, at=at(0, 3, 6))
    open_event(town.database, EventKind.STORM, "大雪", STORM_AT)
    span = span_of(town.context, None, None, at(0, 4), NOW)
    found = from_fixes(town.context, span)
    assert found.tree["n_open_traces"] == 1
    assert found.tree["total"]["observed_m"] > 500


def test_ready_lines_count_and_are_laid_again(town: Town) -> None:
    _give_line(town, at(0, 4), 100, 1400)
    settle(town, ("A", "liner", LONG))
    event_id = storm(town)
    found = from_fixes(town.context, span_of(town.context, event_id, None, None, NOW))
    by = {row["name"]: row for row in found.tree["by"]["route"]}
    assert by["A"]["tracked_percent"] == pytest.approx(100)
    assert found.tree["total"]["observed_m"] == pytest.approx(1300 / 2, abs=10)


def _give_line(town: Town, when: datetime, x0_m: float, x1_m: float) -> None:
    """A ready line of a machine along the street, blade down."""
    x = np.arange(x0_m, x1_m + 1, 50)
    lonlat = np.column_stack([LON + x * M_LON, np.full(len(x), LAT + 2 * M_LAT)])
    says = WorkSays(
        blade=np.ones(1, np.int8), spreader=np.full(1, -1, np.int8), work=np.full(1, -1, np.int8),
        treatment=np.full(1, -1, np.int8),
    )  # fmt: skip
    batch = LineBatch(("liner",), np.zeros(1, np.int64), np.array([to_us(when)]), (lonlat,), says)
    with town.database.connect(Role.INGEST) as connection:
        source_id = register_source(connection, "vendor", "files", SourceSettings())
        connection.commit()
        load_lines(connection, batch, source_id)


def test_figures_that_cannot_be_reproduced_say_why(town: Town) -> None:
    event_id = a_storm(town)
    span = span_of(town.context, event_id, None, None, NOW)
    with town.database.connect(Role.OWNER) as connection:
        connection.execute("UPDATE ops.trace SET matcher_version = 'old' WHERE vehicle_id = 1")
    with pytest.raises(ConflictError, match="rest on matcher old"):
        from_fixes(town.context, span)
    with town.database.connect(Role.OWNER) as connection:
        connection.execute("UPDATE ops.trace SET matcher_version = %s", (kpi_fixes.MATCHER_VERSION,))
        connection.execute(
            "INSERT INTO ops.evidence_expired (vehicle_id, during) VALUES (1, '[2026-01-10,2026-01-11)')"
        )
    with pytest.raises(ConflictError, match="were deleted"):
        from_fixes(town.context, span)


@pytest.mark.parametrize("is_far", [False, True])
def test_a_device_that_is_not_on_roads_is_not_healthy(
    town: Town, monkeypatch: pytest.MonkeyPatch, is_far: bool
) -> None:
    if is_far:
        monkeypatch.setattr(archive_town, "LAT", LAT + 0.04)
    town.drive("one", at(0, 3), 21)
    settle(town, ("A", "one", LONG))
    found = of(town, storm(town))
    assert (found.tree["total"]["tracked_m"] > 0) == (not is_far)


def test_an_assignment_that_was_over_does_not_count(town: Town) -> None:
    town.drive("one", at(0, 3), 21)
    settle(town, ("A", "one", STORM_AT + timedelta(minutes=30)))
    assert of(town, storm(town)).tree["total"]["tracked_m"] == 0


def test_targets_are_those_of_the_fiscal_year(town: Town) -> None:
    event_id = a_storm(town)
    for targets, year, met in (({2025: 30}, 30, True), ({2025: 35}, 35, False), ({2020: 32.1}, 32.1, True)):
        service = ServiceSettings(visualisation_targets=targets)
        town.settings = town.settings.model_copy(update={"service": service})
        found = of(town, event_id)
        assert (found.tree["target_percent"], found.tree["total"]["is_target_met"]) == (year, met)


def test_spans_are_named_by_event_or_by_day(town: Town) -> None:
    event_id = storm(town)
    context = town.context
    assert span_of(context, event_id, None, None, NOW).to_at == END
    assert span_of(context, event_id, None, at(0, 9), NOW).to_at == at(0, 9)
    day = span_of(context, None, date(2026, 1, 18), None, NOW)
    assert (day.from_at, day.to_at) == (at(7, 15), at(8, 15) - timedelta(microseconds=1))
    with pytest.raises(InputError, match="A day and an event"):
        span_of(context, event_id, date(2026, 1, 18), None, NOW)
    with pytest.raises(InputError, match="standing watch"):
        span_of(context, None, None, None, NOW)
    with pytest.raises(NotFoundError):
        span_of(context, 99, None, None, NOW)


def test_the_command_prints_bytes_and_words(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    event_id = a_storm(town)
    config = town.home.parent / "config.yml"
    config.write_text(json.dumps({"home": str(town.home), "database": {"url": town.database.conninfo}}))
    told = CliRunner().invoke(app, ["kpi", "--event", str(event_id), "--json", "--config", str(config)])
    assert told.exit_code == 0, told.output
    assert told.stdout.encode() == of(town, event_id).content
    words = CliRunner().invoke(
        app, ["kpi", "--event", str(event_id), "--by", "route", "--from-fixes", "--config", str(config)]
    )
    assert words.exit_code == 0, words.output
    for said in ("網羅率", "計画延長のうち", "Share of the planned length", "路線A", "same bytes"):
        assert said in words.output
    service = ["report", "service-level", "--event", str(event_id), "--config", str(config)]
    for by in ("route", "edge", "plan", "contractor"):
        shown = CliRunner().invoke(app, [*service, "--by", by, "--json"])
        assert shown.exit_code == 0, shown.output
        assert json.loads(shown.stdout)["by"] == by
        read = CliRunner().invoke(app, [*service, "--by", by])
        assert read.exit_code == 0, read.output
        assert "除雪水準 level of service: " in read.output
    file = town.home.parent / "rows.csv"
    assert CliRunner().invoke(app, [*service, "--csv", str(file)]).exit_code == 0
    assert file.read_bytes().startswith(b"\xef\xbb\xbfname,label,state")
