"""The application behind a real socket, with keys, for tests of the write endpoints."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import uvicorn

from geo.db import Database, Role
from geo.settings import ServerSettings, Settings, SourceSettings
from ingest.keys import digest_of
from ingest.registry import register_source
from tests.ingest.conftest import NOW
from tiles.service import Service
from yukimichi.server import create_app, listen


@dataclass
class Clock:
    """The present moment of the served application."""

    at: datetime = field(default=NOW)

    def __call__(self) -> datetime:
        return self.at


@contextmanager
def served(database: Database, settings: Settings, clock: Clock) -> Iterator[httpx.Client]:
    """A client of the application for the length of the block."""
    listener = listen(ServerSettings.model_construct(host="127.0.0.1", port=0))
    service = Service(settings, database, clock=clock)
    config = uvicorn.Config(create_app(settings, database, service), log_level="warning", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and thread.is_alive() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.started
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def add_key(database: Database, scope: str = "source", scope_of: str | None = "s", **more: Any) -> str:
    """A new key; a source of that name is registered."""
    key = secrets.token_urlsafe(32)
    if scope == "source":
        assert scope_of is not None
        with database.connect(Role.INGEST) as connection:
            register_source(connection, scope_of, "live", SourceSettings())
    with database.connect(Role.APP) as connection:
        connection.execute(
            "INSERT INTO app.api_key (name, key_sha256, scope, scope_of, has_probes) VALUES (%s, %s, %s, %s, %s)",
            (scope_of or scope, digest_of(key), scope, scope_of, more.get("has_probes", False)),
        )
    return key


def bearer(key: str) -> dict[str, str]:
    """The header that carries a key."""
    return {"Authorization": f"Bearer {key}"}
