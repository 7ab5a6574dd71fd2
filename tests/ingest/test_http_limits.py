"""Too fast, too much, or no database: 429 and 503 with Retry-After, never a hang, and all is well afterwards."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from geo.db import Database, Role
from geo.settings import Settings
from geo.settings_live import IngestSettings
from ingest import live
from tests.ingest.conftest import Rows
from tests.ingest.http_server import Clock, add_key, bearer, served
from yukimichi.cluster import Cluster

LOCK = "SELECT pg_advisory_xact_lock(7902112, source_id) FROM raw.source"


def _fixes(n: int, vehicle: str = "7") -> str:
    fix = {"vehicle": vehicle, "lon": 136.6, "lat": 36.5}
    return json.dumps({"fixes": [fix | {"at": 1769900000 + i} for i in range(n)]})


def _post(client: httpx.Client, body: str) -> httpx.Response:
    return client.post("/ingest/fixes", content=body, headers={"content-type": "application/json"})


@contextmanager
def _served(database: Database, **limits: Any) -> Iterator[httpx.Client]:
    key = add_key(database)
    with served(database, Settings(ingest=IngestSettings(**limits)), Clock()) as client:
        client.headers.update(bearer(key))
        yield client


def _is_asked_to_wait(answer: httpx.Response, status: int) -> bool:
    problem = answer.headers["content-type"] == "application/problem+json"
    return problem and answer.status_code == status and int(answer.headers["retry-after"]) > 0


def test_too_many_requests_a_second(database: Database) -> None:
    with _served(database, requests_per_s=0.5) as client:
        assert _post(client, _fixes(1)).status_code == 200
        assert _is_asked_to_wait(_post(client, _fixes(1)), 429)


def test_too_many_fixes_a_second(database: Database, rows: Rows) -> None:
    with _served(database, fixes_per_s=10) as client:
        assert _post(client, _fixes(20)).json()["accepted"] == 20
        assert _is_asked_to_wait(_post(client, _fixes(21, "8")), 429)
    assert rows("SELECT count(*) FROM raw.fix") == [(20,)]


def test_a_full_queue(database: Database, rows: Rows) -> None:
    with _served(database, max_waiting_fixes=10) as client, ThreadPoolExecutor(1) as pool:
        with database.connect(Role.INGEST) as connection:  # as a file that is being loaded does
            connection.execute(LOCK)
            waiting = pool.submit(_post, client, _fixes(9))
            for _ in range(200):
                if "yukimichi_fixes_waiting 9.0" in client.get("/metrics").text:
                    break
                time.sleep(0.05)
            assert _is_asked_to_wait(_post(client, _fixes(9, "8")), 503)
            assert rows("SELECT count(*) FROM raw.fix") == [(0,)]
        assert waiting.result(30).json()["accepted"] == 9
        assert _post(client, _fixes(9, "8")).json()["accepted"] == 9


def test_an_answer_that_does_not_come_is_given_up(
    database: Database, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "ANSWER_S", 0.2)
    with _served(database) as client:
        with database.connect(Role.INGEST) as connection:
            connection.execute(LOCK)
            assert _is_asked_to_wait(_post(client, _fixes(3)), 503)
        monkeypatch.setattr(live, "ANSWER_S", 20.0)
        told = _post(client, _fixes(3)).json()
        assert told["accepted"] + told["repeated"] == 3  # the first may have been written in the end
    assert rows("SELECT count(*) FROM raw.fix") == [(3,)]


def test_a_database_that_goes_away_and_comes_back(cluster: Cluster, database: Database, rows: Rows) -> None:
    with _served(database) as client:
        assert _post(client, _fixes(1)).status_code == 200
        cluster.stop()
        try:
            for _ in range(2):  # with the key still known, and by looking it up
                assert _is_asked_to_wait(_post(client, _fixes(2)), 503)
        finally:
            cluster.start()
        answer = _post(client, _fixes(2))
        for _ in range(50):
            if answer.status_code == 200:
                break
            time.sleep(0.2)
            answer = _post(client, _fixes(2))
        assert answer.json()["accepted"] + answer.json()["repeated"] == 2
    assert rows("SELECT count(*) FROM raw.fix") == [(2,)]
