"""POST /ingest/fixes: what is answered is what was committed; bad input gets what docs/bad-input.md says."""

from __future__ import annotations

import gzip
import json
import socket
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest

from geo.db import Database, Role
from geo.settings import Settings, SourceSettings
from geo.settings_live import IngestSettings
from tests.ingest.conftest import NOW, Rows
from tests.ingest.http_server import Clock, add_key, bearer, served

FIX = {"vehicle": "7", "at": "2026-01-31T23:59:00Z", "lon": 136.6, "lat": 36.5}
LIMITS = IngestSettings(max_body_bytes=200_000, max_unpacked_bytes=2_000_000, max_fixes=10_000)
SOURCES = {
    "s": SourceSettings(area=(136.0, 36.0, 138.0, 38.0)),
    "tokyo": SourceSettings(timezone="Asia/Tokyo", fields={"vehicle": "車番"}, values={"work": {"出動": "true"}}),
    "closed": SourceSettings(vehicles="registered"),
}


@pytest.fixture
def clock() -> Clock:
    """Midnight of February 1, 2026, UTC, until the test sets it on."""
    return Clock()


@pytest.fixture
def client(database: Database, clock: Clock) -> Iterator[httpx.Client]:
    """A client with the key of source s."""
    key = add_key(database)
    with served(database, Settings(ingest=LIMITS, sources=SOURCES), clock) as client:
        client.headers.update(bearer(key))
        yield client


def _fix(**change: Any) -> dict[str, Any]:
    return FIX | change


def _post(client: httpx.Client, *fixes: Any, **more: Any) -> httpx.Response:
    return client.post("/ingest/fixes", json={"fixes": list(fixes)}, **more)


def _at(seconds: float) -> str:
    return (NOW + timedelta(seconds=seconds)).isoformat()


def _is_problem(answer: httpx.Response, status: int) -> bool:
    body = answer.json()
    known = answer.headers["content-type"] == "application/problem+json" and body["detail"] and body["title"]
    return bool(known) and answer.status_code == body["status"] == status


def test_good_rows_are_stored_and_bad_ones_listed(client: httpx.Client, rows: Rows) -> None:
    full = _fix(speed_mps=5.5, heading_deg=90, work=True, treatment="新雪除雪", battery=3)
    first = _post(client, full, _fix(lon=None), _fix(vehicle=8), 5)
    assert first.status_code == 200, first.text
    told = first.json()
    assert (told["accepted"], told["repeated"]) == (2, 0)
    assert [(r["index"], r["reason"]) for r in told["rejected"]] == [(1, "not_a_number"), (3, "malformed")]
    again = _post(client, full, _fix(lon=None), _fix(vehicle=8), 5).json()
    assert (again["accepted"], again["repeated"], again["rejected"]) == (0, 2, told["rejected"])
    stored = """SELECT external_id, lon, speed_mps, heading_deg, work, treatment
                FROM raw.fix JOIN raw.vehicle USING (vehicle_id) ORDER BY 1"""
    assert rows(stored) == [
        ("7", 136.6, 5.5, 90.0, True, "fresh_snow_plowing"), ("8", 136.6, None, None, None, None),
    ]  # fmt: skip
    kept = rows("SELECT item, reason, payload ->> 'vehicle' FROM raw.quarantine ORDER BY 1")
    assert kept == [(1, "not_a_number", "7"), (3, "malformed", None)]


def test_small_requests_that_are_checked_together_are_told_apart(database: Database, clock: Clock, rows: Rows) -> None:
    """Alike rows are checked in one go; each sender still hears of its own."""
    key = add_key(database)
    with served(database, Settings(sources=SOURCES), clock) as client:

        def send(i: int) -> dict[str, Any]:
            fix = _fix(vehicle=f"v{i % 7}", at=_at(-i), lon=0.5 if i == 20 else 136.6)
            answer: dict[str, Any] = _post(client, fix, headers=bearer(key)).json()
            return answer

        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(send, range(40)))
    assert [answer["accepted"] for answer in answers] == [int(i != 20) for i in range(40)]
    assert answers[20]["rejected"][0]["reason"] == "outside_area"
    found = rows("SELECT external_id, at FROM raw.fix JOIN raw.vehicle USING (vehicle_id) ORDER BY at DESC")
    assert [(name, at.isoformat()) for name, at in found] == [(f"v{i % 7}", _at(-i)) for i in range(40) if i != 20]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", json.dumps([FIX, _fix(vehicle="8")])),
        ("application/x-ndjson", f"{json.dumps(FIX)}\n\n{json.dumps(_fix(vehicle='8'))}"),
        (
            "text/csv; charset=utf-8",
            "vehicle,at,lon,lat\n7,2026-01-31T23:59Z,136.6,36.5\n8,2026-01-31T23:59Z,136.6,36.5\n",
        ),
    ],
)
def test_every_form_plain_and_packed(client: httpx.Client, rows: Rows, kind: str, body: str, packed: bool) -> None:
    data = gzip.compress(body.encode()) if packed else body.encode()
    headers = {"content-type": kind} | ({"content-encoding": "gzip"} if packed else {})
    answer = client.post("/ingest/fixes", content=data, headers=headers)
    assert answer.json() == {"accepted": 2, "repeated": 0, "rejected": []}
    assert rows("SELECT count(*) FROM raw.fix") == [(2,)]


def test_lines_that_are_no_fixes_are_named(client: httpx.Client) -> None:
    lines = [json.dumps(FIX), "{broken", "[1]", json.dumps(_fix(lat="NaN"))]
    headers = {"content-type": "application/x-ndjson"}
    told = client.post("/ingest/fixes", content="\n".join(lines), headers=headers).json()
    found = [(r["index"], r["line"], r["reason"]) for r in told["rejected"]]
    assert (told["accepted"], found) == (1, [(1, 2, "malformed"), (2, 3, "malformed"), (3, 4, "not_a_number")])
    csv = "vehicle,at,lon,lat\n7,2026-01-31T23:58Z,136.6,36.5\n7,2026\n8,2026-01-31T23:58Z,x,36.5\n"
    told = client.post("/ingest/fixes", content=csv, headers={"content-type": "text/csv"}).json()
    found = [(r["index"], r["line"], r["reason"]) for r in told["rejected"]]
    assert (told["accepted"], found) == (1, [(None, 3, "malformed"), (1, 4, "not_a_number")])


def test_the_mapping_of_the_source_holds_for_json_too(database: Database, client: httpx.Client, rows: Rows) -> None:
    fix = {
        "車番": "７号",
        "時刻": "2026-02-01 08:59:00",
        "経度": "136.6",
        "緯度": 36.5,
        "作業": "出動",
        "speed_kmh": 36,
    }
    told = _post(client, fix, headers=bearer(add_key(database, scope_of="tokyo"))).json()
    assert told == {"accepted": 1, "repeated": 0, "rejected": []}
    stored = "SELECT external_id, at, work, speed_mps FROM raw.fix JOIN raw.vehicle USING (vehicle_id)"
    assert rows(stored) == [("7号", NOW - timedelta(minutes=1), True, 10.0)]


BAD_ROWS: list[tuple[dict[str, Any], str]] = [
    ({"at": "2026-02-01T00:06:00Z"}, "future_time"),
    ({"at": 0}, "too_old"),
    ({"at": "1970-01-01T00:00:00Z"}, "too_old"),
    ({"at": "yesterday"}, "unparsable_time"),
    ({"lon": float("nan")}, "not_a_number"),
    ({"lat": "north"}, "not_a_number"),
    ({"lat": 10**400}, "not_a_number"),
    ({"lon": 0, "lat": 0}, "zero_position"),
    ({"lon": 36.5, "lat": 136.6}, "swapped_coordinates"),
    ({"lon": 236.5, "lat": 36.5}, "out_of_range"),
    ({"lon": 139.7, "lat": 35.7}, "outside_area"),
    ({"vehicle": ""}, "missing_vehicle"),
    ({"vehicle": None}, "missing_vehicle"),
]


@pytest.mark.parametrize(("change", "reason"), BAD_ROWS)
def test_a_bad_row_is_rejected_with_its_reason(
    client: httpx.Client, rows: Rows, change: dict[str, Any], reason: str
) -> None:
    body = json.dumps({"fixes": [_fix(vehicle="good"), FIX | change]})
    told = client.post("/ingest/fixes", content=body, headers={"content-type": "application/json"}).json()
    assert (told["accepted"], [(r["index"], r["reason"]) for r in told["rejected"]]) == (1, [(1, reason)])
    assert rows("SELECT reason FROM raw.quarantine") == [(reason,)]


def test_one_broken_fix_in_ten_thousand_costs_one(client: httpx.Client, rows: Rows) -> None:
    fixes: list[Any] = [[i % 100, _at(-i), 136.6, 36.5] for i in range(10_000)]
    fixes[4711][2] = "east"
    csv = "\n".join(["vehicle,at,lon,lat", *(",".join(map(str, fix)) for fix in fixes)])
    headers = {"content-type": "text/csv", "content-encoding": "gzip"}
    told = client.post("/ingest/fixes", content=gzip.compress(csv.encode()), headers=headers).json()
    assert told["accepted"] == 9_999
    assert [(r["index"], r["line"], r["reason"]) for r in told["rejected"]] == [(4711, 4713, "not_a_number")]
    assert rows("SELECT count(*) FROM raw.fix") == [(9_999,)]


def test_local_time_sent_as_utc_is_refused_and_named(client: httpx.Client) -> None:
    (told,) = _post(client, _fix(at=_at(9 * 3600 - 5))).json()["rejected"]
    assert told["reason"] == "future_time"
    assert "by 9 h: local time sent as UTC?" in told["detail"]
    (told,) = _post(client, _fix(at=_at(5000))).json()["rejected"]
    assert "sent as UTC" not in told["detail"]


def test_times_that_lag_by_whole_half_hours_are_stored_with_a_warning(client: httpx.Client) -> None:
    told = _post(client, _fix(at=_at(-9 * 3600 - 60)), _fix(at=_at(-10 * 3600))).json()
    assert told["accepted"] == 2
    assert told["warnings"][0].startswith("clock_skew: the newest fix is 9 h old")
    for seconds in (-1800, -4000, -15 * 3600, -1):
        assert "warnings" not in _post(client, _fix(at=_at(seconds))).json(), seconds


def test_kilometres_an_hour_sent_as_metres_a_second_are_said_and_not_converted(
    client: httpx.Client, rows: Rows
) -> None:
    """10 m/s eastwards, sent as 36: first within one batch, then one by one against the last fix."""
    degrees = 10 / 89_400  # of longitude, in a second, at 36.5° N
    drive = [_fix(at=_at(i - 60), lon=136.6 + i * degrees, speed_mps=36.0) for i in range(30)]
    told = _post(client, *drive[:10]).json()
    assert told["accepted"] == 10
    assert told["warnings"][0].startswith("wrong_unit: speeds are 3.6")
    assert "km/h taken as m/s" in _post(client, drive[10]).json()["warnings"][0]
    assert rows("SELECT DISTINCT speed_mps FROM raw.fix") == [(36.0,)]


def test_speeds_that_fit_are_not_warned_of(client: httpx.Client) -> None:
    degrees = 10 / 89_400
    drive = [_fix(at=_at(i - 60), lon=136.6 + i * degrees, speed_mps=10.4) for i in range(30)]
    assert "warnings" not in _post(client, *drive).json()


WHOLE: list[tuple[bytes, dict[str, str], int]] = [
    (b'{"fixes": [', {}, 400),
    (b"", {}, 400),
    (b"  \n", {}, 400),
    (b"{}", {}, 400),
    (b"17", {}, 400),
    (b'{"fixes": {"a": 1}}', {}, 400),
    (b"[" * 100_000, {}, 400),
    (b"1" * 10_000, {}, 400),
    (b'"\xff\xfe"', {}, 400),
    (b'{"fixes": []} trailing', {}, 400),
    (b"vehicle,at\n1,2\n", {"content-type": "text/csv"}, 400),
    (b"<fixes/>", {"content-type": "application/xml"}, 415),
    (b"[]", {"content-type": "application/x-www-form-urlencoded"}, 415),
    (b"[]", {"content-encoding": "br"}, 415),
    (b"[]", {"content-encoding": "gzip"}, 400),
    (gzip.compress(b"[]", mtime=0)[:-9], {"content-encoding": "gzip"}, 400),
    (b" " * 200_001, {}, 413),
    (b"[" + b"{}," * 10_001 + b"{}]", {}, 413),
]


@pytest.mark.parametrize(("body", "headers", "status"), WHOLE)
def test_a_body_that_is_none_is_refused_whole(
    client: httpx.Client, rows: Rows, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = client.post("/ingest/fixes", content=body, headers={"content-type": "application/json"} | headers)
    assert _is_problem(answer, status), answer.text
    assert rows("SELECT count(*) FROM raw.fix") == rows("SELECT count(*) FROM raw.quarantine") == [(0,)]


def test_a_time_without_a_zone_is_refused_and_the_setting_named(client: httpx.Client) -> None:
    answer = _post(client, _fix(at="2026-01-31T23:59:00"))
    assert _is_problem(answer, 400)
    assert "timezone" in answer.json()["hint"]


def test_an_empty_list_is_nothing(client: httpx.Client) -> None:
    assert _post(client).json() == {"accepted": 0, "repeated": 0, "rejected": []}


def test_a_bomb_is_not_unpacked(client: httpx.Client) -> None:
    bomb = gzip.compress(bytes(100_000_000), 9)
    assert len(bomb) < LIMITS.max_body_bytes
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    assert _is_problem(client.post("/ingest/fixes", content=bomb, headers=headers), 413)
    many = gzip.compress(bytes(1_500_000), 9) * 20  # many members, each of them small
    assert _is_problem(client.post("/ingest/fixes", content=many, headers=headers), 413)
    raw = zlib.compress(b"[]")
    assert _is_problem(client.post("/ingest/fixes", content=raw, headers=headers), 400)


def test_ten_megabytes_are_refused_with_and_without_a_length(client: httpx.Client) -> None:
    headers = {"content-type": "application/json"}
    assert _is_problem(client.post("/ingest/fixes", content=bytes(10 * 2**20), headers=headers), 413)
    chunks = (bytes(50_000) for _ in range(5))
    assert _is_problem(client.post("/ingest/fixes", content=chunks, headers=headers), 413)


def test_a_body_shorter_than_its_length_says_is_no_fix(client: httpx.Client, rows: Rows) -> None:
    body = json.dumps({"fixes": [FIX]}).encode()
    head = [
        "POST /ingest/fixes HTTP/1.1", "Host: x", f"Authorization: {client.headers['authorization']}",
        "Content-Type: application/json", f"Content-Length: {len(body) + 5}", "", "",
    ]  # fmt: skip
    address = (client.base_url.host, client.base_url.port or 80)
    with socket.create_connection(address) as connection:
        connection.sendall("\r\n".join(head).encode() + body)
        connection.shutdown(socket.SHUT_WR)
        connection.settimeout(20)
        assert b"200 OK" not in connection.recv(1000)
    assert _post(client, _fix(vehicle="after")).json()["accepted"] == 1
    assert rows("SELECT external_id FROM raw.vehicle") == [("after",)]


def test_a_vehicle_that_the_register_does_not_know_is_refused(
    database: Database, client: httpx.Client, rows: Rows
) -> None:
    key = add_key(database, scope_of="closed")
    told = _post(client, FIX, headers=bearer(key)).json()
    assert (told["accepted"], told["rejected"][0]["reason"]) == (0, "unknown_vehicle")
    assert rows("SELECT count(*) FROM raw.vehicle") == [(0,)]


def test_a_key_writes_vehicles_of_its_own_source_alone(database: Database, client: httpx.Client, rows: Rows) -> None:
    other = bearer(add_key(database, scope_of="other"))
    assert _post(client, FIX).json()["accepted"] == 1
    assert _post(client, _fix(lon=136.7), headers=other).json()["accepted"] == 1
    query = """SELECT s.name, f.lon FROM raw.fix AS f JOIN raw.vehicle USING (vehicle_id)
               JOIN raw.source AS s USING (source_id) ORDER BY 1"""
    assert rows(query) == [("other", 136.7), ("s", 136.6)]


def test_without_a_key_nothing_is_taken(database: Database, client: httpx.Client, rows: Rows) -> None:
    for headers in (
        bearer("wrong"),
        {"Authorization": "Basic eDp5"},
        {"Authorization": "Bearer"},
        {"Authorization": ""},
    ):
        refused = _post(client, FIX, headers=headers)
        assert _is_problem(refused, 401)
        assert refused.headers["www-authenticate"].startswith("Bearer")
    for scope, of in (("admin", None), ("manager", "石川県"), ("contractor", "x"), ("public", None)):
        assert _is_problem(_post(client, FIX, headers=bearer(add_key(database, scope, of))), 403)
    assert rows("SELECT count(*) FROM raw.fix") == [(0,)]


def test_a_revoked_key_is_refused(database: Database, client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the look-up is no longer believed; tests/ingest/test_keys.py holds for how long it is."""
    monkeypatch.setattr("ingest.keys.KEY_TTL_S", 0.0)
    assert _post(client, FIX).status_code == 200
    with database.connect(Role.APP) as connection:
        connection.execute("UPDATE app.api_key SET revoked_at = now()")
    assert _is_problem(_post(client, FIX), 401)
