"""Life and readiness: what a probe is told before, during and after trouble."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from geo.db import Database, Role
from geo.settings import Settings
from geo.store.beats import Beat, beat
from geo.timeline import now
from layers.publish import publish
from tests.ingest.http_server import Clock, served
from yukimichi.health import BEAT_MAX_S

TOWN = Path(__file__).parents[1] / "tiles" / "small_town.sql"


@pytest.fixture
def town(database: Database) -> Database:
    with database.connect(Role.ENGINE) as connection:
        connection.execute(TOWN.read_bytes())
    publish(database, Clock().at, b"a secret of this test")
    return database


@pytest.fixture
def client(town: Database) -> Iterator[httpx.Client]:
    with served(town, Settings(), Clock()) as client:
        yield client


def say(database: Database, ago_s: float, worker: str = "0") -> None:
    with database.connect(Role.ENGINE) as connection:
        beat(connection, Beat(worker, now() - timedelta(hours=1)), now() - timedelta(seconds=ago_s))


def test_life_asks_nobody(tmp_path: Path) -> None:
    with served(Database(f"host={tmp_path} dbname=x"), Settings(), Clock()) as client:
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert client.get("/readyz").status_code == 503


def test_a_quiet_worker_is_degraded_and_ready(client: httpx.Client, town: Database) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "degraded", "status_version": 1, "worker_beat_age_s": None}
    say(town, BEAT_MAX_S - 20)
    assert client.get("/readyz").json()["status"] == "ready"
    say(town, BEAT_MAX_S + 1)
    answer = client.get("/readyz")
    assert answer.json()["status"] == "degraded"
    assert answer.json()["worker_beat_age_s"] > BEAT_MAX_S
    assert answer.headers["cache-control"] == "no-store"


def test_of_several_workers_the_quietest_counts(client: httpx.Client, town: Database) -> None:
    say(town, BEAT_MAX_S + 1, "0/2")
    say(town, 0, "1/2")
    assert client.get("/readyz").json()["status"] == "degraded"


def test_a_database_that_lacks_a_migration_is_not_ready(client: httpx.Client, town: Database) -> None:
    with town.connect(Role.OWNER) as connection:
        connection.execute("DELETE FROM public.yuki_migration WHERE name LIKE '0013%'")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "lacks 1 migration" in answer.json()["detail"]


def test_a_database_from_before_this_page_is_not_ready(client: httpx.Client, town: Database) -> None:
    with town.connect(Role.OWNER) as connection:
        connection.execute("DROP FUNCTION app.readiness()")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "migration" in answer.json()["detail"]


def test_probes_are_documented(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/healthz", "/readyz"} <= set(paths)
