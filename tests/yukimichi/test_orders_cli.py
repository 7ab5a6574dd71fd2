"""Orders by command and by the worker: laid, shown and published with a worker and without one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from geo.db import Database, Role
from geo.settings import load_settings
from geo.timeline import now
from ingest.order_entry import read_order
from ingest.order_roads import Author
from ingest.orders import end_order, place_order
from yukimichi.__main__ import main
from yukimichi.live import Live, connections

type Run = Callable[..., tuple[int, str, str]]

ROADS = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"id": name, "manager": "prefecture"},
            "geometry": {"type": "LineString", "coordinates": line},
        }
        for name, line in {
            "a": [[136.65, 36.56], [136.66, 36.56]],
            "b": [[136.66, 36.56], [136.67, 36.56]],
        }.items()
    ],
}
BETWEEN = "136.652,36.56/136.658,36.56"


@pytest.fixture
def run(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in a folder with two roads: exit code, output, messages."""
    (tmp_path / "config.yml").write_text(f"database:\n  url: '{database.conninfo}'\nhome: {tmp_path}\n")
    (tmp_path / "roads.geojson").write_text(json.dumps(ROADS))
    monkeypatch.chdir(tmp_path)

    def invoke(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["yukimichi", *words])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    assert invoke("ingest", "roads", "roads.geojson", "--source", "r", "--map", "id=id")[0] == 0
    assert invoke("refresh")[0] == 0
    return invoke


def published(database: Database) -> list[tuple[Any, ...]]:
    with database.connect(Role.READER) as connection:
        return connection.execute(
            "SELECT r.edge_id & 1, s.state, s.reason FROM pub.edge_status AS s JOIN pub.roads AS r USING (edge_id) "
            "WHERE s.reason IN ('closed', 'withheld') ORDER BY 1"
        ).fetchall()


def test_a_road_is_closed_and_opened_by_command_where_no_worker_runs(run: Run, database: Database) -> None:
    words = ("--restriction", "closed", "--between", BETWEEN, "--reason", "雪崩", "--json")
    code, out, _ = run("order", "add", "restriction", *words)
    report = json.loads(out)
    assert (code, report["published"], report["misfits"]) == (0, "now", [])
    assert published(database) == [(0, "unknown", "closed"), (1, "unknown", "closed")]
    with database.connect(Role.READER) as connection:
        row = connection.execute("SELECT restriction_ja, restriction_en, length_m, reason FROM pub.closures").fetchone()
    assert row is not None
    assert row[:2] == ("通行止め", "Closed to traffic")
    assert row[2] == pytest.approx(537, abs=3)
    assert row[3] is None, "a reason is not public unless it is said"
    assert "雪崩" in run("order", "list")[1]
    assert [one["restriction"] for one in json.loads(run("order", "list", "--json")[1])] == ["closed"]
    order_id = str(report["order"]["order_id"])
    assert run("order", "end", order_id, "--reason", "解除")[0] == 0
    assert published(database) == []
    assert "有効な指示はありません" in run("order", "list")[1]
    assert run("order", "end", order_id, "--reason", "解除")[0] == 75
    assert run("order", "list", "--past", "--json")[1].count('"order_id"') == 1


def test_closures_of_a_file_are_published_and_end_with_it(run: Run, tmp_path: Path, database: Database) -> None:
    feature = ROADS["features"][0] | {"properties": {"no": 7, "規制": "通行止め", "理由": "路面凍結"}}
    file = tmp_path / "closures.geojson"
    for features, closed in (([feature], 2), ([], 0)):
        other = ROADS["features"][1] | {"properties": {"no": 8, "規制": "チェーン規制", "理由": None}}
        file.write_text(json.dumps({"type": "FeatureCollection", "features": [*features, other]}))
        code, out, err = run("ingest", "closures", str(file), "--source", "office", "--map", "id=no", "--json")
        assert code == 0, err
        assert len(published(database)) == closed
    assert json.loads(out)["closures"]["n_ended"] == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("restriction", "--reason", "x", "--between", BETWEEN), 65, "restriction: missing"),
        (("restriction", "--reason", "x", "--restriction", "closed"), 65, "Place: missing"),
        (("restriction", "--reason", "x", "--restriction", "closed", "--between", "here"), 65, "no pair of places"),
        (("correction", "--reason", "x", "--state", "cleared", "--edge", "9999999"), 65, "no edge of any network"),
        (("restriction", "--reason", "x", "--restriction", "closed", "--geometry", "no.geojson"), 65, "no GeoJSON"),
        (("parade", "--reason", "x", "--between", BETWEEN), 65, "kind: 'parade' is none"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(
    run: Run, database: Database, words: tuple[str, ...], code: int, said: str
) -> None:
    got, _, err = run("order", "add", *words)
    assert got == code
    assert said in err
    with database.connect(Role.INGEST) as connection:
        assert connection.execute("SELECT count(*) FROM raw.order_entry").fetchone() == (0,)


def test_one_round_of_a_worker_publishes_an_order_a_stop_and_their_ends(
    run: Run, tmp_path: Path, database: Database
) -> None:
    live = Live(database, load_settings(tmp_path / "config.yml"), b"secret")
    places = [[float(part) for part in end.split(",")] for end in BETWEEN.split("/")]

    def order(**given: Any) -> int:
        with database.connect(Role.INGEST) as connection:
            read = read_order({"reason": "x"} | given, now(), "Asia/Tokyo")
            return place_order(connection, Author("tester"), read).order_id

    def end(order_id: int) -> None:
        with database.connect(Role.INGEST) as connection:
            end_order(connection, Author("tester"), order_id, {"reason": "x"}, now(), "Asia/Tokyo")

    with connections(database) as held:
        live.round(held)
        assert published(database) == []
        closure = order(kind="restriction", restriction="closed", between=places)
        live.round(held)
        assert [row[2] for row in published(database)] == ["closed"] * 2
        stop = order(kind="publication_stop", everywhere=True)
        live.round(held)
        assert [row[2] for row in published(database)] == ["withheld"] * 4
        end(stop)
        live.round(held)
        assert [row[2] for row in published(database)] == ["closed"] * 2
        end(closure)
        live.round(held)
        assert published(database) == []
        assert "start" not in live.round(held).seconds, "the worker went on and did not start over"


def test_a_worker_ends_an_order_when_its_time_has_come(run: Run, tmp_path: Path, database: Database) -> None:
    live = Live(database, load_settings(tmp_path / "config.yml"), b"secret")
    places = [[float(part) for part in end.split(",")] for end in BETWEEN.split("/")]
    with connections(database) as held:
        live.round(held)
        with database.connect(Role.INGEST) as connection:
            ends_at = (now() + timedelta(seconds=3)).isoformat()
            given = {"kind": "restriction", "restriction": "closed", "between": places, "reason": "x"}
            place_order(connection, Author("tester"), read_order(given | {"ends_at": ends_at}, now(), "Asia/Tokyo"))
        live.round(held)
        assert len(published(database)) == 2
        while now().isoformat() <= ends_at:
            pass
        live.round(held)
        assert published(database) == []


def test_a_restarted_worker_keeps_what_was_stopped(run: Run, tmp_path: Path, database: Database) -> None:
    settings = load_settings(tmp_path / "config.yml")
    with database.connect(Role.INGEST) as connection:
        given = {"kind": "publication_stop", "manager": "prefecture", "reason": "x"}
        place_order(connection, Author("tester"), read_order(given, now(), "Asia/Tokyo"))
    for _ in range(2):
        live = Live(database, settings, b"secret")
        with connections(database) as held:
            live.round(held)
        assert [row[2] for row in published(database)] == ["withheld"] * 4
    assert run("refresh")[0] == 0
    assert run("publish")[0] == 0
    assert [row[2] for row in published(database)] == ["withheld"] * 4
