"""The small town, published and served with a clock that the test sets."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn

from geo.db import Database, Role
from geo.settings import ServerSettings, Settings
from layers.publish import publish
from tiles.service import Service
from yukimichi.cluster import Cluster
from yukimichi.server import create_app, listen

TOWN = Path(__file__).parent / "small_town.sql"
AS_OF = datetime(2026, 1, 14, 22, 0, tzinfo=UTC)
SECRET = b"a secret of this test"


@dataclass
class Clock:
    """The present moment of the served town."""

    at: datetime = field(default=AS_OF)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    """22:00 UTC, the moment of the town's last assessment, until the test sets it on."""
    return Clock()


@pytest.fixture
def town(database: Database) -> Database:
    """The small town, published."""
    with database.connect(Role.ENGINE) as connection:
        connection.execute(TOWN.read_bytes())
    publish(database, AS_OF, SECRET)
    return database


@pytest.fixture
def service(town: Database, clock: Clock) -> Service:
    """What the requests share."""
    return Service(Settings(), town, clock=clock)


@contextlib.contextmanager
def serving(town: Database, service: Service) -> Iterator[str]:
    """The address of the application behind a real socket."""
    listener = listen(ServerSettings.model_construct(host="127.0.0.1", port=0))
    config = uvicorn.Config(create_app(service.settings, town, service), log_level="warning", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture
def address(town: Database, service: Service) -> Iterator[str]:
    """The application behind a real socket, for clients that are programs of their own."""
    with serving(town, service) as address:
        yield address


@dataclass(frozen=True)
class Served:
    """A served town that tests only read: its client, its service and its clock, which each test sets."""

    client: httpx.Client
    service: Service
    clock: Clock


@pytest.fixture(scope="session")
def read_town(cluster: Cluster) -> Iterator[Served]:
    """The small town, published and served once for all tests that change nothing in it but the clock."""
    cluster.create_database("read_town", "template_yuki")
    database, clock = cluster.database("read_town"), Clock()
    with database.connect(Role.ENGINE) as connection:
        connection.execute(TOWN.read_bytes())
    publish(database, AS_OF, SECRET)
    service = Service(Settings(), database, clock=clock)
    with serving(database, service) as address, httpx.Client(base_url=address, timeout=20) as client:
        yield Served(client, service, clock)
    cluster.drop_database("read_town")


@pytest.fixture
def first(read_town: Served) -> Served:
    """The served town at 22:00 UTC, as if nobody had asked for its states later than that."""
    read_town.clock.at = AS_OF
    read_town.service.snapshots.last = read_town.service.summaries.last = None
    return read_town


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    """A client of the application behind its socket."""
    with httpx.Client(base_url=address, timeout=20) as client:
        yield client
