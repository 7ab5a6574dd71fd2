"""Notebook 02 on a street with three routes: one tracked, one without a device, one that the network does not have."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

import matplotlib as mpl
import pytest

from geo.db import Database, Role
from geo.store.events import close_event, open_event
from geo.vocabulary import EventKind
from tests.notebooks.test_notebooks import run_notebook
from tests.yukimichi.archive_town import LAT, LON, M_LAT, M_LON, Town, at
from yukimichi.visualisation import PARTS as CODES
from yukimichi.visualisation_drawn import PARTS

mpl.use("agg")


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    """A street of 3 km: route A on 0 to 1,000 m, B on 1,000 to 2,500 m, C is drawn 500 m north of it."""
    made = Town(database, tmp_path / "home")
    made.drive("one", at(0, 3), 25)
    made.refresh()
    network = made.network()
    with database.connect(Role.ENGINE) as connection:
        for route, planned, laid, office in (
            ("A", 1000, 1000, "金沢土木"),
            ("B", 1500, 1500, None),
            ("C", 500, 0, None),
        ):
            y = LAT + (500 * M_LAT if route == "C" else 0)
            line = f"MULTILINESTRING(({LON} {y}, {LON + planned * M_LON} {y}))" if route == "C" else None
            connection.execute(
                "INSERT INTO net.plough_route (route_id, name, route_class, manager, office, planned_m, laid_m, "
                "is_synthetic, geom) "
                "VALUES (%s, %s, '第1種', 'prefecture', %s, %s, %s, true, ST_GeomFromText(%s, 4326))",
                (route, f"路線{route}", office, planned, laid, line),
            )
        for route, low, high in (("A", 0, 1000), ("B", 1000, 2500)):
            for edge in network.edge_id.tolist():
                connection.execute(
                    "INSERT INTO net.plan_edge (network_version, route_id, edge_id, from_m, to_m) "
                    "VALUES (%s, %s, %s, %s, %s)",
                    (network.version, route, edge, low, high),
                )
        connection.execute(
            "INSERT INTO ops.assignment (route_id, contractor, machine, vehicle_id, during, is_synthetic) "
            "SELECT 'A', 'c', 'm', vehicle_id, tstzrange(%s, %s), true FROM raw.vehicle",
            (at(-1, 0), at(9, 0)),
        )
    return made


def test_the_notebook_runs_and_shows_the_bytes(town: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    event = open_event(town.database, EventKind.STORM, "大雪", at(0, 2))
    close_event(town.database, event.event_id, at(1, 12))
    config = tmp_path / "config.yml"
    targets = {"visualisation_targets": {"2025": 10, "2026": 50, "2027": 90}}
    settings = {"home": str(town.home), "database": {"url": town.database.conninfo}, "service": targets}
    config.write_text(json.dumps(settings))
    monkeypatch.setenv("YUKI_CONFIG", str(config))
    monkeypatch.setenv("YUKI_EVENT", str(event.event_id))
    world = run_notebook("02_visualisation_rate.ipynb")
    found = world["found"]
    assert found.is_same
    total = found.kpi.tree["total"]
    assert total["planned_m"] == 3000
    # one direction of 1,800 m, of which 1,000 m on A and 800 m on B
    assert (total["in_network_percent"], total["tracked_percent"]) == pytest.approx((83.333, 33.333), abs=0.01)
    assert total["observed_percent"] == pytest.approx(100 * 1800 / 2 / 3000, abs=0.5)
    km = found.parts.groupby(["route_id", "part"])["km"].sum().to_dict()
    assert km == pytest.approx({("A", "partly"): 1.0, ("B", "partly"): 1.5, ("C", "not_laid"): 0.5}, abs=0.01)
    drawing = world["drawing"]
    texts = {text.get_text() for axes in drawing.axes for text in axes.texts}
    assert {"83.3 %", "33.3 %"} <= texts
    assert any("2025" in text for text in texts)
    shown = [text.get_text() for text in world["picture"].legends[0].get_texts()]
    assert len(shown) == len(PARTS)
    assert any(text.endswith("0.5 km") and "not in the network" in text for text in shown)
    assert any(text.endswith("2.5 km") and "one direction only" in text for text in shown)
    page = world["shown"].get_root().render()
    for _, ja, _, colour, _, _ in PARTS:
        assert ja in page
        assert colour in page
    assert "tile.openstreetmap" not in page
    assert '"route_id": "C"' in page


def test_a_day_in_place_of_an_event(town: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text(json.dumps({"home": str(town.home), "database": {"url": town.database.conninfo}}))
    monkeypatch.setenv("YUKI_CONFIG", str(config))
    monkeypatch.delenv("YUKI_EVENT", raising=False)
    local = datetime.fromisoformat((at(0, 3) + timedelta(hours=9)).isoformat()).date()
    monkeypatch.setenv("YUKI_DAY", local.isoformat())
    world = run_notebook("02_visualisation_rate.ipynb")
    assert world["found"].kpi.tree["span"]["event_id"] is None
    assert world["found"].is_same


def test_every_part_has_a_look_of_its_own() -> None:
    assert [code for code, *_ in PARTS] == list(CODES)
    assert len({(colour, width, dashes) for *_, colour, width, dashes in PARTS}) == len(PARTS)
