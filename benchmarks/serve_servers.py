"""The servers of the benchmark as processes on loopback: ours, tipg, stock pygeoapi, and nginx before ours."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

from geo.db import Database, Role

SHIPPED = Path(__file__).parents[1] / "deploy" / "nginx" / "yukimichi.conf"
START_S = 120.0
#: Folders that nginx makes for itself.
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@dataclass(frozen=True, slots=True)
class Server:
    """A server: its address and its process."""

    base: str
    process: subprocess.Popen[bytes]

    def pss_mb(self) -> float:
        """Proportional set size of the process alone, megabytes."""
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1024


def free_port() -> int:
    """A port of the loopback that nobody listens at."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def running(
    command: Sequence[str], base: str, ready: str, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """A command until the end of the block; it counts as started once `ready` is answered below 500."""
    with log.open("ab") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, env=os.environ | dict(environment or {}))
    try:
        _wait(process, base + ready, log)
        yield Server(base, process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=START_S).close()
            return
        except urllib.error.HTTPError as error:
            if error.code < 500:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"{address} was never answered: {log.read_text(errors='replace')[-2000:]}")


def write_config(folder: Path, database: Database, port: int, **more: Any) -> Path:
    """A config.yml of a service that uses this database and port."""
    told = {"home": "home", "server": {"port": port}, "database": {"url": database.conninfo}, **more}
    file = folder / f"config-{port}.yml"
    file.write_text(json.dumps(told), encoding="utf-8")
    return file


@contextlib.contextmanager
def ours(folder: Path, database: Database, kind: str) -> Iterator[Server]:
    """Our server; kind: kept or asked, see benchmarks.serve_ours."""
    port = free_port()
    config = write_config(folder, database, port)
    environment = {"PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-m", "benchmarks.serve_ours", str(config), kind]
    with running(command, f"http://127.0.0.1:{port}", "/readyz", folder / f"ours-{kind}.log", environment) as server:
        yield server


def _login(database: Database) -> dict[str, str]:
    return {name: str(value) for name, value in conninfo_to_dict(database.conninfo_of(Role.OWNER)).items()}


@contextlib.contextmanager
def tipg(folder: Path, database: Database, peers: Path) -> Iterator[Server]:
    """tipg over the schema `peer`, with eight connections, one worker."""
    port, login = free_port(), _login(database)
    # the socket's folder as a host: its slashes have to be written as %2F
    address = f"postgresql://{login['user']}@{quote(login['host'], safe='')}:5432/{login['dbname']}"
    sizes = {"DB_MIN_CONN_SIZE": "8", "DB_MAX_CONN_SIZE": "8"}
    environment = {"DATABASE_URL": address, "TIPG_DB_SCHEMAS": '["peer"]', **sizes}
    command = [str(peers / "uvicorn"), "tipg.main:app", "--host", "127.0.0.1", "--port", str(port),
               "--log-level", "warning", "--loop", "uvloop", "--http", "httptools"]  # fmt: skip
    with running(command, f"http://127.0.0.1:{port}", "/collections", folder / "tipg.log", environment) as server:
        yield server


@contextlib.contextmanager
def pygeoapi(folder: Path, database: Database, peers: Path, patience_s: float) -> Iterator[Server]:
    """pygeoapi as it comes, with its own PostgreSQL providers for features and tiles, one worker.

    patience_s  a statement that takes longer is ended, or it would go on beside what is measured next
    """
    port, login = free_port(), _login(database)
    base = f"http://127.0.0.1:{port}"
    data = {"host": login["host"], "port": 5432, "dbname": login["dbname"], "user": login["user"], "password": "",
            "search_path": ["peer", "public"]}  # fmt: skip
    table = {"data": data, "id_field": "id", "table": "roads", "geom_field": "geom"}
    config = {
        "server": {
            "bind": {"host": "127.0.0.1", "port": port}, "url": base, "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8", "languages": ["en-US"], "limits": {"default_items": 10, "max_items": 1000},
            "map": {"url": "/none/{z}/{x}/{y}.png", "attribution": "none"},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {
                "title": "bench", "description": "bench", "keywords": ["bench"], "keywords_type": "theme",
                "terms_of_service": "none", "url": base,
            },
            "license": {"name": "none", "url": base},
            "provider": {"name": "none", "url": base},
            "contact": {"name": "none", "email": "nobody@localhost"},
        },
        "resources": {"roads": {
            "type": "collection", "title": "roads", "description": "roads", "keywords": ["roads"], "links": [],
            "extents": {"spatial": {"bbox": [136, 36, 138, 38]}},
            "providers": [
                {"type": "feature", "name": "PostgreSQL", **table},
                {"type": "tile", "name": "MVT-postgresql", **table, "format": {"name": "pbf",
                 "mimetype": "application/vnd.mapbox-vector-tile"}, "options": {"zoom": {"min": 0, "max": 16}}},
            ],
        }},
    }  # fmt: skip
    file, api = folder / "pygeoapi.yml", folder / "pygeoapi-openapi.yml"
    file.write_text(json.dumps(config), encoding="utf-8")
    environment = {
        "PYGEOAPI_CONFIG": str(file), "PYGEOAPI_OPENAPI": str(api),
        "PGOPTIONS": f"-c statement_timeout={round(patience_s * 1000)}",
    }  # fmt: skip
    with api.open("wb") as out, (folder / "pygeoapi.log").open("ab") as log:
        subprocess.run([str(peers / "pygeoapi"), "openapi", "generate", str(file)], stdout=out, stderr=log, check=True,
                       env=os.environ | environment)  # fmt: skip
    command = [str(peers / "uvicorn"), "pygeoapi.starlette_app:APP", "--host", "127.0.0.1", "--port", str(port),
               "--log-level", "warning"]  # fmt: skip
    with running(command, base, "/collections", folder / "pygeoapi.log", environment) as server:
        yield server


def nginx_config(folder: Path, upstream: str, port: int) -> Path:
    """The shipped configuration, with another address, another upstream and a cache of its own, in a frame."""
    text = SHIPPED.read_text(encoding="utf-8")
    for shipped, wanted in (
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("server 127.0.0.1:8000;", f"server {upstream};"),
        ("/var/cache/nginx/yukimichi", str(folder / "cache")),
    ):
        assert text.count(shipped) == 1, f"{SHIPPED} has {shipped!r} {text.count(shipped)} times"
        text = text.replace(shipped, wanted)
    (folder / "yukimichi.conf").write_text(text, encoding="utf-8")
    frame = (
        f"daemon off; pid {folder}/nginx.pid; error_log stderr warn; worker_processes 1;\n"
        + ("user root;\n" if os.geteuid() == 0 else "")
        + "worker_rlimit_nofile 32768; events { worker_connections 16384; }\n"
        "http { include /etc/nginx/mime.types; default_type application/octet-stream;\n"
        + "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in TEMPORARY)
        + f"include {folder}/yukimichi.conf; }}\n"
    )
    file = folder / "nginx.conf"
    file.write_text(frame, encoding="utf-8")
    return file


@contextlib.contextmanager
def nginx(folder: Path, upstream: str) -> Iterator[Server]:
    """Debian's nginx with the shipped configuration on a port of its own. upstream: host:port of our server."""
    own = folder / "nginx"
    own.mkdir(exist_ok=True)
    port = free_port()
    file = nginx_config(own, upstream, port)
    command = ["nginx", "-p", str(own), "-c", str(file), "-e", "stderr"]
    with running(command, f"http://127.0.0.1:{port}", "/healthz", own / "nginx.log") as server:
        yield server
