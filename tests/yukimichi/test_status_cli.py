"""`yukimichi status`, and a plough that falls silent, from its last fix to every place that says so."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from geo.db import Database, Role
from geo.devices import DeviceStats
from geo.fix import Fixes
from geo.settings import Settings, SourceSettings
from geo.store.beats import Beat, beat
from geo.store.devices import refresh_device_health, rules_of
from geo.store.events import open_event
from geo.timeline import now, to_us
from geo.vocabulary import EventKind
from ingest.fix_batch import FixBatch
from ingest.load import load_fixes
from ingest.plans import ingest_plans
from ingest.registry import register_source
from ingest.roads import ingest_roads
from yukimichi.__main__ import app
from yukimichi.pipeline import World, refresh
from yukimichi.status import Server, look

LON0, LAT0, M_LON = 136.65, 36.56, 1 / 89_500
LONG_M = 3000
SECRET = b"a secret of this test"
#: The plough is heard every 5 s for five minutes up to here.
LAST = datetime(2026, 1, 20, 3, 0, tzinfo=UTC)


def write_json(path: Path, features: list[dict[str, Any]]) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def road(name: str, from_m: float, to_m: float) -> dict[str, Any]:
    line = [[LON0 + x * M_LON, LAT0] for x in (from_m, to_m)]
    return {
        "type": "Feature",
        "properties": {"road_id": name, "route_id": "R1", "name": name, "route_class": "1", "manager": "prefecture"},
        "geometry": {"type": "LineString", "coordinates": line},
    }


@dataclass
class Town:
    """A street on a route, a machine called out for it, and rounds of a worker at moments of the test's choice."""

    database: Database
    settings: Settings
    config: Path
    stats: DeviceStats

    def send(self, last: datetime, n: int = 60) -> None:
        """The plough on the street, its blade up: n fixes every 5 s up to a moment."""
        at = np.array([to_us(last - timedelta(seconds=5 * (n - 1 - i))) for i in range(n)])
        lon = LON0 + (500 + 15.0 * np.arange(n)) * M_LON
        fixes = Fixes.from_arrays(np.zeros(n), at, lon, np.full(n, LAT0), speed_mps=np.full(n, 3.0), blade=np.zeros(n))
        with self.database.connect(Role.INGEST) as connection:
            source_id = register_source(connection, "gps", "fixes", SourceSettings(cadence_s=5))
            connection.commit()
            load_fixes(connection, FixBatch(("除雪車1",), fixes), source_id)
            row = connection.execute("SELECT vehicle_id FROM raw.vehicle WHERE external_id = '除雪車1'").fetchone()
        assert row is not None
        vehicle, came = np.full(n, int(row[0])), at + 400_000
        self.stats.update(vehicle, at, came, fixes.lon, fixes.lat, fixes.speed_mps, fixes.accuracy_m)

    def round(self, at: datetime) -> None:
        """What a worker does: facts, states, devices, publication."""
        with self.database.connect(Role.ENGINE) as connection:
            refresh_device_health(connection, self.stats, rules_of(self.settings), at)
        refresh(self.database, self.settings, SECRET, at, World(), quiet=True)

    def rows(self, query: str, role: Role = Role.READER) -> list[tuple[Any, ...]]:
        with self.database.connect(role) as connection:
            return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]

    def states(self) -> set[tuple[Any, ...]]:
        return set(self.rows("SELECT state, reason FROM pub.edge_status"))

    def status(self, *options: str) -> Result:
        return CliRunner().invoke(app, ["status", "--config", str(self.config), *options])


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    roads = [road("a", 0, 1500), road("b", 1500, LONG_M)]
    ingest_roads(database, [write_json(tmp_path / "roads.geojson", roads)], "roads", SourceSettings())
    routes = write_json(tmp_path / "routes.geojson", [road("r", 0, LONG_M)])
    ingest_plans(database, "routes", routes, "plans", SourceSettings())
    assignments = tmp_path / "assignments.csv"
    lines = [
        "route_id,contractor,machine,source,vehicle,from_at",
        "R1,雪国建設,グレーダ,gps,除雪車1,2026-01-19T00:00:00Z",
    ]
    assignments.write_text("\n".join(lines) + "\n", encoding="utf-8")
    ingest_plans(database, "assignments", assignments, "plans", SourceSettings())
    open_event(database, EventKind.STORM, "大雪", LAST - timedelta(hours=1))
    config = tmp_path / "config.yml"
    config.write_text(f"home: {tmp_path}\ndatabase: {{url: '{database.conninfo}'}}\nserver: {{port: 1}}\n")
    return Town(database, Settings(home=tmp_path), config, DeviceStats())


def test_a_plough_that_falls_silent_is_said_everywhere(town: Town) -> None:
    minute = timedelta(minutes=1)
    town.round(LAST - timedelta(minutes=10))
    assert town.rows("SELECT reasons, last_fix_at, geom FROM mgr.devices", Role.MANAGER) == [
        ("never_heard", None, None)
    ]
    assert town.states() == {("unknown", "silent")}
    assert "gps/除雪車1; never heard: never_heard 一度も通信がない" in town.status().stdout

    town.send(LAST)
    town.round(LAST + timedelta(seconds=10))
    assert town.states() == {("uncleared", "none")}
    assert town.rows("SELECT reasons, is_sick FROM mgr.devices", Role.MANAGER) == [("", False)]

    town.round(LAST + 2 * minute)
    assert town.states() == {("uncleared", "none")}
    assert town.rows("SELECT reasons FROM mgr.devices", Role.MANAGER) == [("overdue",)]

    town.round(LAST + 30 * minute)
    assert town.states() == {("uncleared", "none")}
    town.round(LAST + 31 * minute)
    assert town.states() == {("unknown", "silent")}
    found = town.rows("SELECT contractor, agreed_cadence_s, cadence_s, reasons, reasons_ja, is_called_out, is_sick "
                      "FROM mgr.devices", Role.MANAGER)  # fmt: skip
    assert found == [("雪国建設", 5, 5, "silent", "通信が途絶えている", True, True)]
    shown = town.status()
    assert shown.exit_code == 0
    assert "gps/除雪車1; 01-20 12:00:00" in shown.stdout
    assert "every 5 of 5 s; clock +0.4 s: silent 通信が途絶えている" in shown.stdout
    assert "1  silent           通信が途絶えている" in shown.stdout
    assert "不明 unknown 4" in shown.stdout

    town.send(LAST + 40 * minute)
    town.round(LAST + 40 * minute)
    assert town.states() == {("uncleared", "none")}
    assert town.rows("SELECT reasons FROM mgr.devices", Role.MANAGER) == [("",)]


def test_the_page_as_json_has_everything(town: Town) -> None:
    town.send(LAST)
    town.round(LAST + timedelta(minutes=31))
    with town.database.connect(Role.INGEST) as connection:
        source_id = connection.execute("SELECT source_id FROM raw.source WHERE name = 'gps'").fetchone()[0]  # type: ignore[index]
        connection.execute(
            "INSERT INTO raw.quarantine (source_id, kind, item, reason, detail, payload, recorded_at) "
            "SELECT %s, 'fixes', 0, reason, '', '{}', now() - age FROM (VALUES ('future_time', interval '1 minute'), "
            "('future_time', '2 minutes'), ('zero_position', '3 minutes'), ('zero_position', '2 hours')) "
            "AS r (reason, age)",
            (source_id,),
        )
        connection.execute(
            "INSERT INTO raw.poll (source_id, feed_sha256, polled_at, failed_at, error, n_failures) "
            "VALUES (%s, '', now(), now(), 'it says 498', 3)",
            (source_id,),
        )
    with town.database.connect(Role.ENGINE) as connection:
        beat(connection, Beat("0", LAST, 12, 60, 1, 0.25), now())
    town.send(now(), 3)
    page = json.loads(town.status("--json").stdout)
    assert page["is_up"] is True
    assert page["server"] == {"address": "http://127.0.0.1:1", "state": "unreachable", "detail": "ConnectError"}
    assert page["published"]["event_name"] == "大雪"
    assert page["edges"] == {"unknown": 4}
    assert page["newest"]["position"] == 2
    assert [(row["stage"], row["n_waiting"]) for row in page["stages"] if row["stage"] == "match"] == [("match", 1)]
    assert [(row["worker"], row["n_rounds"], row["n_failures"]) for row in page["workers"]] == [("0", 12, 1)]
    assert (page["devices"]["n"], page["devices"]["by_reason"]) == (1, {"silent": 1})
    assert page["devices"]["sick"][0]["vehicle"] == "除雪車1"
    gps = next(row for row in page["sources"] if row["source"] == "gps")
    assert (gps["n_vehicles"], gps["n_fixes"]) == (1, 3)
    assert [(row["reason"], row["n"]) for row in page["rejects"]] == [("future_time", 2), ("zero_position", 1)]
    assert [(row["source"], row["n_failures"], row["error"]) for row in page["polls"]] == [("gps", 3, "it says 498")]
    text = town.status().stdout
    for said in ("2 future_time in the last hour", "3 failures since: it says 498"):
        assert said in text, text
    assert re.search(r"0: heard \d s ago, 12 rounds", text), text


def test_only_so_many_sick_devices_are_listed(town: Town) -> None:
    with town.database.connect(Role.INGEST) as connection:
        source_id = register_source(connection, "old", "fixes", SourceSettings())
        connection.execute(
            "INSERT INTO raw.vehicle (source_id, external_id) SELECT %s, 'unit ' || i FROM generate_series(1, 9) AS i",
            (source_id,),
        )
    town.round(LAST)
    text = town.status("--devices", "2").stdout
    assert text.count("never heard:") == 2
    assert "gps/除雪車1" in text.split("old/")[0]  # the one that is called out comes first
    assert "… and 8 more" in text
    assert town.status("--devices", "50").stdout.count("never heard:") == 10


def test_a_database_that_is_away_is_said_and_ends_with_69(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text(f"home: {tmp_path}\ndatabase: {{url: 'host={tmp_path} dbname=x'}}\nserver: {{port: 1}}\n")
    shown = CliRunner().invoke(app, ["status", "--config", str(config)])
    assert shown.exit_code == 69
    assert "The database does not answer" in shown.stdout
    page = json.loads(CliRunner().invoke(app, ["status", "--json", "--config", str(config)]).stdout)
    assert (page["is_up"], page["published"]) == (False, None)


def test_without_a_cluster_nothing_is_started(tmp_path: Path) -> None:
    page = look(Settings(home=tmp_path / "home"), now())
    assert "there is none yet" in page.database
    assert not (tmp_path / "home").exists()


def test_an_older_database_is_said(database: Database, tmp_path: Path) -> None:
    with database.connect(Role.OWNER) as connection:
        connection.execute("DELETE FROM public.yuki_migration WHERE name LIKE '0013%'")
    settings = Settings.model_validate({"home": tmp_path, "database": {"url": database.conninfo}})
    page = look(settings, now())
    assert not page.is_up
    assert "lacks 1 migrations: 0013_devices.sql" in page.database


def test_another_program_at_the_address_is_no_server_of_ours(tmp_path: Path, serving: Callable[[bytes], int]) -> None:
    port = serving(b"<html>hello</html>")
    settings = Settings.model_validate({"home": tmp_path, "server": {"port": port}})
    assert look(settings, now()).server == Server(f"http://127.0.0.1:{port}", "unreachable", "JSONDecodeError")
    port = serving(b'{"status": "degraded"}')
    settings = Settings.model_validate({"home": tmp_path, "server": {"port": port}})
    assert look(settings, now()).server.state == "degraded"


@pytest.fixture
def serving() -> Any:
    """serving(body): a server on the loopback that answers everything with 200 and that body; its port."""
    import http.server
    import threading

    made: list[http.server.HTTPServer] = []

    def serve(body: bytes) -> int:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made.append(server)
        return server.server_port

    yield serve
    for server in made:
        server.shutdown()
        server.server_close()
