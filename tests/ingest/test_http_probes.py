"""POST /ingest/probes: stored under pseudonyms of a day, deleted within 24 hours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from geo.db import Database, Role
from geo.settings import Settings
from ingest.probes import KEEP, hashed, purge_probes
from tests.ingest.conftest import NOW, Rows
from tests.ingest.http_server import Clock, add_key, bearer, served

PROBE = {"probe": "my car 石川 300", "at": "2026-01-31T23:59:00Z", "lon": 136.6, "lat": 36.5, "speed_mps": 8}


@pytest.fixture
def clock() -> Clock:
    """Midnight of February 1, 2026, UTC, until the test sets it on."""
    return Clock()


@pytest.fixture
def client(database: Database, clock: Clock) -> Iterator[httpx.Client]:
    """A client with a key that may send probes."""
    key = add_key(database, has_probes=True)
    with served(database, Settings(), clock) as client:
        client.headers.update(bearer(key))
        yield client


def _post(client: httpx.Client, *probes: Any, **more: Any) -> httpx.Response:
    return client.post("/ingest/probes", json={"probes": list(probes)}, **more)


def test_probes_are_stored_once_and_never_under_their_id(client: httpx.Client, database: Database, rows: Rows) -> None:
    bad = PROBE | {"lat": None}
    told = _post(client, PROBE, bad, PROBE | {"probe": 7}).json()
    assert (told["accepted"], [r["reason"] for r in told["rejected"]]) == (2, ["not_a_number"])
    assert _post(client, PROBE).json() == {"accepted": 0, "repeated": 1, "rejected": []}
    assert rows("SELECT lon, lat, speed_mps, heading_deg FROM raw.probe") == [(136.6, 36.5, 8.0, None)] * 2
    assert rows("SELECT count(*) FROM raw.fix") == rows("SELECT count(*) FROM raw.vehicle") == [(0,)]
    with database.connect(Role.OWNER) as connection:
        for table in ("raw.probe", "raw.quarantine", "raw.vehicle"):
            query = f"SELECT coalesce(string_agg(t::text, ''), '') FROM {table} AS t"  # noqa: S608
            assert "石川" not in str(connection.execute(query).fetchone())  # type: ignore[call-overload]


def test_a_probe_has_another_name_each_day_and_in_each_source(
    client: httpx.Client, database: Database, clock: Clock, rows: Rows
) -> None:
    other = bearer(add_key(database, scope_of="other", has_probes=True))
    assert _post(client, PROBE).json()["accepted"] == 1
    assert _post(client, PROBE, headers=other).json()["accepted"] == 1
    assert _post(client, PROBE | {"at": "2026-01-31T23:59:30Z"}).json()["accepted"] == 1
    assert rows("SELECT count(DISTINCT probe) FROM raw.probe") == [(2,)]
    clock.at = NOW + timedelta(days=1)
    assert _post(client, PROBE).json()["accepted"] == 1
    assert rows("SELECT count(DISTINCT probe), count(*) FROM raw.probe") == [(3, 4)]
    assert len(set(hashed(("a", "b"), 1, b"x") + hashed(("a", "b"), 2, b"x") + hashed(("a", "b"), 1, b"y"))) == 6


def test_nothing_is_kept_for_a_day(client: httpx.Client, database: Database, clock: Clock, rows: Rows) -> None:
    _post(client, PROBE)
    clock.at = NOW + timedelta(hours=2)
    _post(client, PROBE | {"lon": 136.7, "at": "2026-02-01T01:59:00Z"})
    assert purge_probes(database, NOW + KEEP) == 0
    assert purge_probes(database, NOW + KEEP + timedelta(seconds=1)) == 1
    assert rows("SELECT lon FROM raw.probe") == [(136.7,)]
    assert rows("SELECT count(*) FROM raw.probe_secret") == [(1,)]
    assert purge_probes(database, NOW + timedelta(days=2)) == 1
    assert rows("SELECT count(*) FROM raw.probe_secret") == [(0,)]


def test_the_running_server_purges(database: Database, clock: Clock, rows: Rows) -> None:
    key = add_key(database, has_probes=True)
    with served(database, Settings(), clock) as client:
        _post(client, PROBE, headers=bearer(key))
    clock.at = NOW + timedelta(days=1)
    with served(database, Settings(), clock) as client:
        fix = {"vehicle": "x", "at": "2026-02-01T23:00:00Z", "lon": 136.6, "lat": 36.5}
        # the writer does its chores before it writes
        assert client.post("/ingest/fixes", json=[fix], headers=bearer(key)).json()["accepted"] == 1
    assert rows("SELECT count(*) FROM raw.probe") == [(0,)]


def test_who_may_send_probes(client: httpx.Client, database: Database, rows: Rows) -> None:
    plain = bearer(add_key(database, scope_of="plain"))
    assert _post(client, PROBE, headers=plain).status_code == 403
    assert _post(client, PROBE, headers=bearer("wrong")).status_code == 401
    assert client.post("/ingest/probes", content=b"", headers={"content-type": "application/json"}).status_code == 400
    assert client.post("/ingest/probes", content=b"a,b").status_code == 415
    many = json.dumps([{}] * 20_001)
    assert client.post("/ingest/probes", content=many, headers={"content-type": "application/json"}).status_code == 413
    assert rows("SELECT count(*) FROM raw.probe") == [(0,)]
