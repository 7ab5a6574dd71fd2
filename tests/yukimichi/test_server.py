"""The application as a whole: start, stop, health, the map page, and what happens without a database."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from geo.db import Database
from geo.errors import EnvironmentProblem
from geo.settings import ServerSettings
from yukimichi.cluster import Cluster
from yukimichi.server import listen

SERVE = """
import sys
from geo.db import Database
from geo.settings import ServerSettings, Settings
from yukimichi.server import serve
settings = Settings(server=ServerSettings(port=int(sys.argv[1])))
database = Database(sys.argv[2], roles_log_in=sys.argv[3] == "True")
serve(settings, database, on_ready=lambda: print("ready", flush=True))
print("stopped", flush=True)
"""


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(database: Database) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    port = free_port()
    command = [sys.executable, "-c", SERVE, str(port), database.conninfo, str(database.roles_log_in)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_port_in_use_is_named_with_the_way_out() -> None:
    with closing(listen(ServerSettings.model_construct(host="127.0.0.1", port=0))) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(EnvironmentProblem, match=f"Port {port} .*YUKI_PORT={port + 1}"):
            listen(ServerSettings(port=port))


def test_before_the_first_publication_it_answers_and_says_so(database: Database) -> None:
    with served(database) as (base, process):
        assert httpx.get(f"{base}/healthz").status_code == 200
        for path in ("/readyz", "/config.json", "/status/snapshot", "/ogc/", "/tiles/roads/1/0/0/0.mvt"):
            answer = httpx.get(base + path)
            assert answer.status_code == 503, path
            assert answer.headers["retry-after"] == "5"
            assert answer.json()["detail"] == "Nothing is published yet."
        page = httpx.get(f"{base}/")
        assert page.status_code == 200
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert httpx.get(f"{base}/js/main.js").headers["content-type"].startswith("text/javascript")
        assert httpx.get(f"{base}/../pyproject.toml").status_code == 404
        assert httpx.get(f"{base}/%2e%2e/pyproject.toml").status_code == 404
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0
        assert process.stdout is not None
        assert process.stdout.read() == "stopped\n"


def test_it_listens_on_the_loopback_alone(database: Database) -> None:
    with served(database) as (base, process):
        port = int(base.rpartition(":")[2])
        found = [line.split() for line in Path(f"/proc/{process.pid}/net/tcp").read_text().splitlines()[1:]]
        listening = {row[1] for row in found if row[3] == "0A" and row[1].endswith(f":{port:04X}")}
        assert listening == {f"0100007F:{port:04X}"}


def test_a_database_that_goes_away_is_a_problem_body_and_comes_back(cluster: Cluster, database: Database) -> None:
    with served(database) as (base, process):
        cluster.stop()
        try:
            answer = httpx.get(f"{base}/readyz", timeout=30)
            assert answer.status_code == 503
            assert answer.json()["hint"] == "Run `yukimichi doctor`."
            assert httpx.get(f"{base}/healthz").status_code == 200
        finally:
            cluster.start()
        deadline = time.monotonic() + 30
        while "Nothing is published" not in httpx.get(f"{base}/readyz", timeout=30).text:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        os.kill(process.pid, signal.SIGTERM)
        process.wait(15)


def test_no_public_address_needs_another_host(database: Database) -> None:
    with served(database) as (base, _):
        docs = httpx.get(f"{base}/docs")
        assert docs.status_code == 200
        assert "<script" not in docs.text
        assert httpx.get(f"{base}/redoc").status_code == 404
        paths = httpx.get(f"{base}/openapi.json").json()["paths"]
        assert "/status/snapshot" in paths


def test_the_server_loads_nothing_that_builds_matches_or_draws() -> None:
    """Each worker holds what it imports: pandas, numba and scipy together are 140 MB."""
    heavy = ("pandas", "geopandas", "numba", "scipy", "matplotlib", "pyogrio", "yukimichi.pipeline", "geo.matching")
    seen = f"import sys, yukimichi.serving; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
