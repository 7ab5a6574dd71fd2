"""`yukimichi serve`: the server alone. It loads nothing of what builds networks, matches or simulates."""

from __future__ import annotations

import time
from pathlib import Path

from geo.errors import EnvironmentProblem
from geo.settings import ServerSettings
from yukimichi.context import Context, opened, settings_of
from yukimichi.doctor import is_free
from yukimichi.progress import say
from yukimichi.server import serve


def run_server(config: Path | None) -> None:
    """The server alone."""
    started = time.perf_counter()
    require_port(settings_of(config).server)
    with opened(config) as context:
        serve_until_stopped(context, started)


def require_port(server: ServerSettings) -> None:
    """Raise EnvironmentProblem where another program listens at the server's address."""
    if not is_free(server.host, server.port):
        raise EnvironmentProblem(
            f"Port {server.port} on {server.host} is in use by another program, perhaps another Yukimichi.",
            hint=f"Stop that one, or choose another port: YUKI_PORT={server.port + 1} make run",
        )


def serve_until_stopped(context: Context, started: float) -> None:
    """Serve until a signal; says where as soon as the socket answers. started: of time.perf_counter()."""
    server = context.settings.server
    serve(context.settings, context.database, on_ready=lambda: _announce(server, time.perf_counter() - started))


def _announce(server: ServerSettings, seconds: float) -> None:
    base = f"http://{server.host}:{server.port}"
    say("")
    say(f"Yukimichi 雪みち, ready after {seconds:.1f} s")
    say(f"  Map 地図        {base}/")
    say(f"  OGC API         {base}/ogc/")
    say(f"  API docs        {base}/docs")
    say(f"  QGIS            Layer > Add Layer > WFS / OGC API - Features: {base}/ogc/")
    say("  The demo's storm goes on while you look; `yukimichi --help` for the rest")
    say("  Stop            Ctrl-C; the data stays for the next start")
    say("")
