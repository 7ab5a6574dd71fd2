"""Serves a published town in a process of its own, as real clients meet it; run by tests.

Arguments: connection string of the owner, moment that the clock shows (ISO 8601) or `now`, file of requests. The first
line on standard output is the address. Each request is a line of that file: method, path with query, status, encoding
of the answer.
"""

from __future__ import annotations

import contextlib
import sys
from datetime import datetime
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geo.db import Database
from geo.settings import ServerSettings, Settings
from geo.timeline import now
from tiles.service import Service
from yukimichi.server import create_app, listen


class Noted:
    """Writes down each request before its answer begins."""

    def __init__(self, app: ASGIApp, file: Path) -> None:
        self.app = app
        self.file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        target = scope["raw_path"].decode() + ("?" + scope["query_string"].decode() if scope["query_string"] else "")

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                encoding = dict(message["headers"]).get(b"content-encoding", b"identity").decode()
                with self.file.open("a", encoding="utf-8") as file:
                    file.write(f"{scope['method']} {target} {message['status']} {encoding}\n")
            await send(message)

        await self.app(scope, receive, noting)


def main(conninfo: str, moment: str, log: str) -> None:
    """Serve until SIGINT or SIGTERM."""
    database = Database(conninfo, roles_log_in=True)
    clock = now if moment == "now" else lambda: datetime.fromisoformat(moment)
    app = create_app(Settings(), database, Service(Settings(), database, clock=clock))
    listener = listen(ServerSettings.model_construct(host="127.0.0.1", port=0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(Noted(app, Path(log)), log_level="warning", lifespan="on")
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
