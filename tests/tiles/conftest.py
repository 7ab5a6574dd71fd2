"""The small town, published and served with a clock that the test sets."""

from __future__ import annotations

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


@pytest.fixture
def address(town: Database, service: Service) -> Iterator[str]:
    """The application behind a real socket, for clients that are programs of their own."""
    listener = listen(ServerSettings.model_construct(host="127.0.0.1", port=0))
    config = uvicorn.Config(create_app(Settings(), town, service), log_level="warning", lifespan="on")
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
def client(address: str) -> Iterator[httpx.Client]:
    """A client of the application behind its socket."""
    with httpx.Client(base_url=address, timeout=20) as client:
        yield client
