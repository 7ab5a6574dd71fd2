"""GET and POST /ingest/osmand: what phones and Traccar Client send; and that no key reaches a log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from geo.db import Database
from geo.settings import Settings, SourceSettings
from ingest.osmand import KNOT_MPS
from tests.ingest.conftest import NOW, Rows
from tests.ingest.http_server import Clock, add_key, bearer, served

PARAMETERS = {"id": "S-17", "timestamp": "1769903940", "lat": "36.5", "lon": "136.6", "batt": "80"}
STORED = """SELECT external_id, at, lon, lat, speed_mps, heading_deg, accuracy_m, work
            FROM raw.fix JOIN raw.vehicle USING (vehicle_id)"""
AT = NOW - timedelta(minutes=1)
#: Settings that hold for files of this source, and not for a protocol that defines its units itself.
SOURCES = {"s": SourceSettings(timezone="Asia/Tokyo", speed_unit="km/h", crs="EPSG:6675", fields={"vehicle": "車番"})}


@pytest.fixture
def key(database: Database) -> str:
    """The key of source s."""
    return add_key(database)


@pytest.fixture
def client(database: Database, key: str) -> Iterator[httpx.Client]:
    """A client without any key of its own."""
    with served(database, Settings(sources=SOURCES), Clock()) as client:
        yield client


def test_parameters_in_the_query_with_the_key(client: httpx.Client, key: str, rows: Rows) -> None:
    more = {"speed": "10", "bearing": "90", "hdop": "0.8", "work": "1", "key": key}
    answer = client.get("/ingest/osmand", params=PARAMETERS | more)
    assert answer.json() == {"accepted": 1, "repeated": 0, "rejected": []}
    ((vehicle, at, lon, lat, speed_mps, heading_deg, accuracy_m, work),) = rows(STORED)
    assert (vehicle, at, lon, lat, heading_deg, accuracy_m, work) == ("S-17", AT, 136.6, 36.5, 90.0, 4.0, True)
    assert speed_mps == pytest.approx(10 * KNOT_MPS)


def test_a_look_at_the_header_alone_stores_nothing(client: httpx.Client, key: str, rows: Rows) -> None:
    assert client.head("/ingest/osmand", params=PARAMETERS | {"key": key}).status_code in {404, 405}
    assert rows(STORED) == []


SAME: list[dict[str, str]] = [
    {"deviceid": "S-17", "timestamp": "1769903940000", "lat": "36.5", "lon": "136.6"},
    {"id": "S-17", "timestamp": "2026-01-31T23:59:00Z", "location": "36.5,136.6"},
    {"id": "S-17", "timestamp": "2026-02-01 08:59:00", "lat": "36.5", "lon": "136.6"},
]


@pytest.mark.parametrize("parameters", SAME)
@pytest.mark.parametrize("way", ["get", "query", "form"])
def test_every_way_of_writing_the_same(
    client: httpx.Client, key: str, rows: Rows, parameters: dict[str, str], way: str
) -> None:
    method = "GET" if way == "get" else "POST"
    sent: dict[str, Any] = {"data": parameters} if way == "form" else {"params": parameters}
    assert client.request(method, "/ingest/osmand", headers=bearer(key), **sent).json()["accepted"] == 1
    assert rows("SELECT external_id, at, lon, lat FROM raw.fix JOIN raw.vehicle USING (vehicle_id)") == [
        ("S-17", AT, 136.6, 36.5)
    ]


def test_the_json_of_newer_clients(client: httpx.Client, key: str, rows: Rows) -> None:
    coords = {"latitude": 36.5, "longitude": 136.6, "speed": 5.0, "heading": -1, "accuracy": 4, "altitude": 1}
    location = {"timestamp": "2026-01-31T23:59:00.000Z", "coords": coords, "extras": {"work": False}, "event": "x"}
    body = {"device_id": "S-17", "location": location}
    answer = client.post("/ingest/osmand", json=body, headers=bearer(key))
    assert answer.json()["accepted"] == 1
    assert rows(STORED) == [("S-17", AT, 136.6, 36.5, 5.0, None, 4.0, False)]


def test_what_is_no_position_is_kept_and_not_asked_for_again(client: httpx.Client, key: str, rows: Rows) -> None:
    """A tracker repeats what is not answered with 200 for ever."""
    for change, reason in (({"valid": "false"}, "no_position"), ({"lat": "0", "lon": "0"}, "zero_position")):
        answer = client.get("/ingest/osmand", params=PARAMETERS | change, headers=bearer(key))
        assert (answer.status_code, answer.json()["rejected"][0]["reason"]) == (200, reason)
    assert rows("SELECT count(*) FROM raw.quarantine") == [(2,)]


def test_what_is_no_request_is_refused(client: httpx.Client, key: str) -> None:
    head = bearer(key)
    assert client.get("/ingest/osmand", params={"lat": "1"}, headers=head).status_code == 400
    assert client.post("/ingest/osmand", json={"device_id": "x"}, headers=head).status_code == 400
    xml = head | {"content-type": "text/xml"}
    assert client.post("/ingest/osmand", content=b"<a/>", headers=xml).status_code == 415
    assert client.get("/ingest/osmand", params=PARAMETERS).status_code == 401
    assert client.get("/ingest/osmand", params=PARAMETERS | {"key": "wrong"}).status_code == 401


def test_a_key_in_the_query_reaches_no_log(
    database: Database,
    key: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logging.getLogger("httpx").setLevel(logging.CRITICAL)  # of this test's own client

    async def broken(*args: object) -> None:
        raise RuntimeError("a fault of ours")

    with caplog.at_level(logging.DEBUG), served(database, Settings(sources=SOURCES), Clock()) as client:
        assert client.get("/ingest/osmand", params=PARAMETERS | {"key": key}).status_code == 200
        assert client.get("/ingest/osmand", params={"key": key}).status_code == 400
        monkeypatch.setattr("ingest.http._deliver", broken)
        assert client.get("/ingest/osmand", params=PARAMETERS | {"key": key}).status_code == 500
    ours = [str(vars(record)) for record in caplog.records if not record.name.startswith("httpcore")]
    logged = "\n".join([*ours, *capfd.readouterr()])
    assert "a fault of ours" in logged
    assert key not in logged
