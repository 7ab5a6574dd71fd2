"""`yukimichi up`: from whatever state the machine is in to a served map."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geo.db import Database, Role, read_sql
from geo.errors import EnvironmentProblem
from geo.settings import ServerSettings
from geo.timeline import now
from yukimichi.context import Context, opened, secret, settings_of
from yukimichi.doctor import is_free
from yukimichi.pipeline import World, refresh
from yukimichi.progress import say


def run(config: Path | None, *, with_demo: bool) -> None:
    """Database, demo, stages, worker, server. Returns when the server has been stopped."""
    started = time.perf_counter()
    _require_port(settings_of(config).server)
    with opened(config) as context:
        if not has_roads(context.database) and with_demo:
            from yukimichi.demo_load import load_demo

            load_demo(context)
        if has_roads(context.database) and not is_published(context.database):
            refresh(context.database, context.settings, secret(context.settings), now(), World())
        with _worker(config):
            _announce(context.settings.server, time.perf_counter() - started)
            _serve(context)


def run_server(config: Path | None) -> None:
    """The server alone."""
    _require_port(settings_of(config).server)
    with opened(config) as context:
        _announce(context.settings.server, 0.0)
        _serve(context)


def has_roads(database: Database) -> bool:
    """Whether any road set has been taken in."""
    with database.connect(Role.ENGINE) as connection:
        return connection.execute(read_sql("yukimichi", "has_roads")).fetchone() == (True,)


def is_published(database: Database) -> bool:
    """Whether anything is published, so that serving can start at once."""
    with database.connect(Role.READER) as connection:
        return connection.execute(read_sql("yukimichi", "is_published")).fetchone() == (True,)


def _require_port(server: ServerSettings) -> None:
    if not is_free(server.host, server.port):
        raise EnvironmentProblem(
            f"Port {server.port} on {server.host} is in use by another program, perhaps another Yukimichi.",
            hint=f"Stop that one, or choose another port: YUKI_PORT={server.port + 1} make run",
        )


@contextmanager
def _worker(config: Path | None) -> Iterator[None]:
    """The worker process for the length of the block: it matches what comes in while the server answers."""
    command = [sys.executable, "-m", "yukimichi", "work"] + (["--config", str(config)] if config else [])
    # a session of its own: Ctrl-C reaches this process, which then ends the worker in order
    process = subprocess.Popen(command, start_new_session=True)
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _serve(context: Context) -> None:
    from yukimichi.server import serve

    serve(context.settings, context.database)


def _announce(server: ServerSettings, seconds: float) -> None:
    base = f"http://{server.host}:{server.port}"
    say("")
    say(f"Yukimichi 雪みち, ready after {seconds:.1f} s")
    say(f"  Map 地図        {base}/")
    say(f"  OGC API         {base}/ogc/")
    say(f"  API docs        {base}/docs")
    say(f"  QGIS            Layer > Add Layer > WFS / OGC API - Features: {base}/ogc/")
    say("  Watch it move   .venv/bin/yukimichi simulate --live 20   (in another terminal)")
    say("  Stop            Ctrl-C; the data stays for the next start")
    say("")
