"""The small town behind a real socket, with a clock that stands, for tests of a whole session and outside suites."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from geo.db import Database, Role
from geo.settings import ServerSettings, Settings
from layers.publish import publish
from tiles.service import Service
from yukimichi.server import create_app, listen

TOWN = Path(__file__).parent / "tiles" / "small_town.sql"
#: The moment of the town's last assessment.
AS_OF = datetime(2026, 1, 14, 22, 0, tzinfo=UTC)


def publish_town(database: Database, *more: Path) -> None:
    """Fill an empty database with the small town and what further SQL files add, and publish it."""
    with database.connect(Role.ENGINE) as connection:
        for file in (TOWN, *more):
            connection.execute(file.read_bytes())
    publish(database, AS_OF, b"a secret of this test")


def town_app(database: Database) -> FastAPI:
    """The application over a published town, at AS_OF for ever."""
    return create_app(Settings(), database, Service(Settings(), database, clock=lambda: AS_OF))


@contextlib.contextmanager
def serving(app: FastAPI, port: int = 0) -> Iterator[str]:
    """The address of an application that is served by a thread for the length of the block; port 0: any free one."""
    listener = listen(ServerSettings.model_construct(host="127.0.0.1", port=port))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.02)
    try:
        assert server.started, "the server did not start"
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
