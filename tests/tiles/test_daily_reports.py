"""A contractor's key sees its own daily reports, by whatever way it asks; a manager's all; reads are written down."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import openpyxl
import pytest
from mvt_reader import read_tile
from reports_town import RULES, build

from geo.db import Database, Role
from geo.store.report_cache import refresh_reports
from layers.publish import publish
from tests.tiles.conftest import SECRET

AS_OF = datetime(2026, 1, 18, 22, 0, tzinfo=UTC)
ITEMS = "/ogc/collections/daily_reports/items"
KEYS = {
    "manager": ("manager", "石川県"), "admin": ("admin", None), "own": ("contractor", "秘密建設"),
    "other": ("contractor", "北陸建設"), "nobody": ("contractor", "だれも"), "public": ("public", None),
}  # fmt: skip


@pytest.fixture
def town(database: Database) -> Database:
    """The town with its day, published; it takes the place of the small town in the fixtures of this folder."""
    build(database)
    refresh_reports(database, RULES, AS_OF)
    publish(database, AS_OF, SECRET)
    with database.connect(Role.APP) as connection:
        for name, (scope, scope_of) in KEYS.items():
            connection.execute(
                "INSERT INTO app.api_key (name, key_sha256, scope, scope_of) VALUES (%s, %s, %s, %s)",
                (name, hashlib.sha256(name.encode()).digest(), scope, scope_of),
            )
    return database


@pytest.fixture
def ask(address: str) -> Iterator[Any]:
    """ask("own", path, …): the answer to the holder of a key."""
    with httpx.Client(base_url=address) as client:
        yield lambda key, path, **params: client.get(
            path, params=params or None, headers={"Authorization": f"Bearer {key}"}
        )


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [feature["id"] for feature in answer.json()["features"]]


def test_each_key_sees_what_is_its_own(ask: Any) -> None:
    every = ids(ask("manager", ITEMS))
    assert len(every) == 4
    assert ids(ask("admin", ITEMS)) == every
    own, other = ids(ask("own", ITEMS)), ids(ask("other", ITEMS))
    assert len(own) == 2
    assert len(other) == 1
    assert not set(own) & set(other)
    assert set(own) | set(other) < set(every)  # what nobody is paid for is the manager's alone
    assert ids(ask("nobody", ITEMS)) == []


def test_counts_tell_nothing_of_others(ask: Any) -> None:
    for key, n in (("manager", 4), ("own", 2), ("other", 1), ("nobody", 0)):
        answer = ask(key, ITEMS, limit=1).json()
        assert (answer["numberMatched"], answer["numberReturned"]) == (n, min(n, 1))
        assert any(link["rel"] == "next" for link in answer["links"]) == (n > 1)
        assert ask(key, ITEMS, limit=1, offset=n).json()["features"] == []


def test_the_report_of_another_is_not_found_as_one_that_is_not_there(ask: Any) -> None:
    foreign = ids(ask("other", ITEMS))[0]
    assert ask("other", f"{ITEMS}/{foreign}").status_code == 200
    assert ask("manager", f"{ITEMS}/{foreign}").json()["id"] == foreign
    refused, missing = ask("own", f"{ITEMS}/{foreign}"), ask("own", f"{ITEMS}/20260118-9-00000000")
    assert (refused.status_code, missing.status_code) == (404, 404)
    said = [answer.json()["detail"].replace(foreign, "ID").replace("20260118-9-00000000", "ID")
            for answer in (refused, missing)]  # fmt: skip
    assert said[0] == said[1]


@pytest.mark.parametrize(
    "params",
    [
        {"contractor": "北陸建設"}, {"vehicle": "plough-0002"}, {"day": "2026-01-18", "sortby": "-contractor"},
        {"bbox": "130,30,140,40"}, {"datetime": "2026-01-18T03:00:00Z/2026-01-18T04:00:00Z"},
        {"properties": "contractor,amount_yen"}, {"skipGeometry": "true"}, {"f": "html"},
        {"crs": "http://www.opengis.net/def/crs/EPSG/0/6675"}, {"limit": "10000"}, {"offset": "1"},
    ],
)  # fmt: skip
def test_no_parameter_shows_another_contractor(ask: Any, params: dict[str, str]) -> None:
    answer = ask("own", ITEMS, **params)
    assert answer.status_code == 200
    asked = json.dumps(list(answer.json()["links"]), ensure_ascii=False) if "f" not in params else ""
    text = answer.text.replace("%E5%8C%97%E9%99%B8%E5%BB%BA%E8%A8%AD", "").replace(asked, "")
    if "vehicle" not in params and "contractor" not in params:
        assert "plough-0002" not in text
        assert "北陸建設" not in text
        assert "2号車" not in text
    else:
        assert answer.json()["features"] == []
        assert answer.json()["numberMatched"] == 0


@pytest.mark.parametrize("name", ["devices", "orders", "withheld_status"])
def test_a_contractor_s_key_opens_nothing_else(ask: Any, name: str) -> None:
    for path in (f"/ogc/collections/{name}", f"/ogc/collections/{name}/items", f"/ogc/collections/{name}/items/1"):
        assert ask("own", path).status_code == 403


@pytest.mark.parametrize(
    "path", [ITEMS, f"{ITEMS}/1", "/ogc/collections/daily_reports", "/reports/daily?date=2026-01-18"]
)
def test_without_a_key_of_theirs_it_is_shut(ask: Any, address: str, path: str) -> None:
    assert httpx.get(address + path).status_code == 401
    assert ask("public", path).status_code == 403
    assert ask("a key that is none", path).status_code == 401


def test_tiles_hold_the_rows_of_the_key_alone(ask: Any, address: str) -> None:
    path = "/ogc/collections/daily_reports/tiles/WebMercatorQuad/0/0/0"
    west, south, east, north = ask("manager", "/ogc/collections/daily_reports").json()["extent"]["spatial"]["bbox"][0]
    x = int(((west + east) / 2 + 180) / 360 * 2**12)
    y = int((1 - math.asinh(math.tan(math.radians((south + north) / 2))) / math.pi) / 2 * 2**12)
    near = f"/ogc/collections/daily_reports/tiles/WebMercatorQuad/12/{y}/{x}"
    assert httpx.get(address + path).status_code == 401
    assert ask("public", path).status_code == 403
    told = {}
    for key in ("own", "other", "nobody", "manager"):
        answer = ask(key, near)
        assert answer.headers["cache-control"] == "private, no-store"
        layers = read_tile(answer.content) if answer.status_code == 200 else []
        told[key] = {feature.properties["contractor"] for layer in layers for feature in layer.features
                     if "contractor" in feature.properties}  # fmt: skip
    assert told["own"] <= {"秘密建設"}
    assert told["other"] <= {"北陸建設"}
    assert told["nobody"] == set()
    assert told["manager"] >= told["own"] | told["other"] > set()


def test_who_may_read_it_is_told_of_it(ask: Any, address: str) -> None:
    def listed(answer: httpx.Response) -> set[str]:
        return {one["id"] for one in answer.json()["collections"]}

    assert "daily_reports" not in listed(httpx.get(f"{address}/ogc/collections"))
    own = listed(ask("own", "/ogc/collections"))
    assert "daily_reports" in own
    assert "devices" not in own
    assert {"daily_reports", "devices"} <= listed(ask("manager", "/ogc/collections"))
    assert "daily_reports" not in listed(httpx.get(f"{address}/ogc/collections"))  # no cache mixes them up
    assert "/collections/daily_reports/items" in ask("own", "/ogc/openapi").json()["paths"]


def test_nothing_of_it_is_kept_on_the_way(ask: Any) -> None:
    for path in (ITEMS, "/reports/daily?date=2026-01-18"):
        answer = ask("own", path)
        assert "no-store" in answer.headers["cache-control"]
        assert "etag" not in answer.headers


def _rows(answer: httpx.Response, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.content.decode(encoding), newline="")))


def test_files_hold_what_the_key_may_see(ask: Any) -> None:
    day = {"date": "2026-01-18"}
    assert [row["受託者"] for row in _rows(ask("manager", "/reports/daily", **day))] == [
        "秘密建設",
        "北陸建設",
        "未割当",
    ]
    own = _rows(ask("own", "/reports/daily", **day, table="lines"))
    assert {row["受託者"] for row in own} == {"秘密建設"}
    assert {row["車両"] for row in own} == {"plough-0001"}
    cp932 = _rows(ask("other", "/reports/daily", **day, format="csv-cp932", table="pay"), "cp932")
    assert [row["受託者"] for row in cp932] == ["北陸建設"]
    book = openpyxl.load_workbook(io.BytesIO(ask("own", "/reports/daily", **day, format="xlsx").content))
    cells = [str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
    assert "plough-0001" in cells
    assert not any("北陸" in cell or "plough-0002" in cell for cell in cells)
    document = ask("own", "/reports/daily", **day, format="json").json()
    assert [one["vehicle"] for one in document["reports"]] == ["plough-0001"]
    assert document["sums"]["n_reports"] == 1
    assert _rows(ask("nobody", "/reports/daily", **day)) == []
    assert _rows(ask("manager", "/reports/daily", date="2025-01-01")) == []


@pytest.mark.parametrize(
    "params", [{}, {"date": "18.1."}, {"date": "2026-01-18", "format": "pdf"}, {"date": "2026-01-18", "table": "x"},
               {"date": "2026-01-18", "contractor": "北陸建設"}]
)  # fmt: skip
def test_what_is_asked_wrongly_is_refused(ask: Any, params: dict[str, str]) -> None:
    assert ask("own", "/reports/daily", **params).status_code == 400


def test_every_read_is_in_the_audit_log(ask: Any, town: Database) -> None:
    foreign = ids(ask("other", ITEMS))[0]
    ask("own", f"{ITEMS}/{foreign}")
    ask("own", "/reports/daily", date="2026-01-18", format="xlsx")
    with town.connect(Role.APP) as connection:
        rows = connection.execute(
            "SELECT k.name, a.action, a.detail ->> 'collection', a.detail ->> 'path' FROM app.audit AS a "
            "JOIN app.api_key AS k USING (key_id) ORDER BY audit_id"
        ).fetchall()
    assert rows == [
        ("other", "read", "daily_reports", ITEMS),
        ("own", "read", "daily_reports", f"{ITEMS}/{foreign}"),
        ("own", "read", "daily_reports", "/reports/daily"),
    ]


def test_the_rows_are_those_of_the_reports(ask: Any) -> None:
    features = {one["id"]: one for one in ask("manager", ITEMS, day="2026-01-18").json()["features"]}
    one = next(feature for feature in features.values() if feature["properties"]["vehicle"] == "plough-0001")
    own = one["properties"]
    assert own["work_s"] == 3000
    assert own["work_m"] == 2300.5
    assert own["synthetic"] is True
    assert own["amount_yen"] is None
    assert one["geometry"]["type"] == "MultiLineString"


def test_publishing_again_changes_nothing_and_takes_away_what_is_gone(town: Database) -> None:
    with town.connect(Role.PUBLISH) as connection:
        before = connection.execute("SELECT report_id, xmin::text FROM mgr.daily_reports ORDER BY 1").fetchall()
    publish(town, AS_OF, SECRET)
    with town.connect(Role.PUBLISH) as connection:
        assert connection.execute("SELECT report_id, xmin::text FROM mgr.daily_reports ORDER BY 1").fetchall() == before
    with town.connect(Role.ENGINE) as connection:
        connection.execute("DELETE FROM ops.daily_report WHERE vehicle_id = 1")
    publish(town, AS_OF, SECRET)
    with town.connect(Role.PUBLISH) as connection:
        assert connection.execute("SELECT count(*) FROM mgr.daily_reports").fetchone() == (2,)
