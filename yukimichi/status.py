"""How the service is, at one look: server, database, workers, states, devices, sources. Starts and changes nothing."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, LiteralString

import httpx
import psycopg
from psycopg.rows import dict_row

from geo.db import Database, Role, Row, read_sql
from geo.errors import DatabaseProblem
from geo.migrate import pending
from geo.settings import Settings
from geo.store.devices import DeviceRow, read_device_health
from geo.vocabulary import DeviceReason
from yukimichi.cluster import Cluster
from yukimichi.debian import find_programs

type Facts = dict[str, Any]

#: Sources and what was rejected are counted over so long.
LATELY = timedelta(hours=1)
#: No part of the page may take longer; what does is said to be too much to count.
STATEMENT_TIMEOUT_MS = 5_000
#: The server answers within this, or it does not answer, seconds.
SERVER_S = 3.0


@dataclass(frozen=True, slots=True)
class Server:
    """The server at the address of the settings. `state` is ready, degraded, unready or unreachable."""

    address: str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Devices:
    """All devices, how many have each reason, and the sick ones, those that somebody counts on first."""

    n: int = 0
    n_sick: int = 0
    by_reason: dict[str, int] = field(default_factory=dict)
    sick: list[DeviceRow] = field(default_factory=list)


@dataclass(slots=True)
class Status:
    """The page. What could not be asked for stays empty; `database` says why.

    published  what is published, None: nothing;  edges  by state
    newest     position and time of the newest batch, None: none ever came
    stages, workers, polls  a row each;  sources, rejects  of the last hour; None: too much to count
    """

    at: datetime
    server: Server
    database: str = ""
    is_up: bool = False
    published: Facts | None = None
    edges: dict[str, int] = field(default_factory=dict)
    newest: Facts | None = None
    stages: list[Facts] = field(default_factory=list)
    workers: list[Facts] = field(default_factory=list)
    devices: Devices = field(default_factory=Devices)
    sources: list[Facts] | None = None
    rejects: list[Facts] | None = None
    polls: list[Facts] = field(default_factory=list)


def look(settings: Settings, now: datetime) -> Status:
    """Look at everything once."""
    status = Status(now, _server(settings))
    database = _database(settings)
    if isinstance(database, str):
        status.database = database
        return status
    began = time.perf_counter()
    try:
        with database.connect(Role.OWNER) as connection:
            left = pending(connection)
        if left:
            status.database = f"answers, and lacks {len(left)} migrations: {', '.join(left)}"
            return status
        with database.connect(Role.READER) as connection:
            _read_published(connection, status)
        with database.connect(Role.ENGINE) as connection:
            _read_inside(connection, status)
    except DatabaseProblem as problem:
        status.database = problem.message
        return status
    status.is_up = True
    status.database = f"answers, in {(time.perf_counter() - began) * 1000:.0f} ms"
    return status


def _server(settings: Settings) -> Server:
    address = f"http://{settings.server.host}:{settings.server.port}"
    try:
        answer = httpx.get(f"{address}/readyz", timeout=SERVER_S)
        content = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        return Server(address, "unreachable", type(error).__name__)
    if answer.status_code == 200 and content.get("status") in ("ready", "degraded"):
        return Server(address, str(content["status"]))
    return Server(address, "unready", str(content.get("detail", answer.status_code)))


def _database(settings: Settings) -> Database | str:
    """The database of the settings, or why there is none; a private cluster that is stopped stays stopped."""
    if settings.database.url:
        return Database(settings.database.url, role_urls=tuple(settings.database.role_urls.items()))
    programs = find_programs()
    if programs is None:
        return "PostgreSQL is not installed; see `yukimichi doctor`"
    cluster = Cluster(settings.home, programs)
    if not (settings.home / "cluster").exists():
        return f"there is none yet in {settings.home}; `make run` makes it"
    return cluster.database() if cluster.is_running() else "the private cluster is stopped; `make run` starts it"


def _rows(connection: psycopg.Connection[Row], name: LiteralString, params: Facts | None = None) -> list[Facts]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql("yukimichi", name), params).fetchall()


def _counted(connection: psycopg.Connection[Row], name: LiteralString, params: Facts) -> list[Facts] | None:
    """Rows of a query that may be too much to count; None where it is."""
    try:
        with connection.transaction():
            return _rows(connection, name, params)
    except psycopg.errors.QueryCanceled:
        return None


def _read_published(connection: psycopg.Connection[Row], status: Status) -> None:
    status.published = next(iter(_rows(connection, "status_published")), None)
    status.edges = {row["state"]: row["n"] for row in _rows(connection, "status_edges")}


def _read_inside(connection: psycopg.Connection[Row], status: Status) -> None:
    connection.execute(f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}")
    status.newest = next(iter(_rows(connection, "status_newest")), None)
    status.stages = _rows(connection, "status_stages")
    status.workers = _rows(connection, "status_workers")
    status.devices = _devices(read_device_health(connection))
    since = {"since": status.at - LATELY}
    status.sources = _counted(connection, "status_sources", since)
    status.rejects = _counted(connection, "status_rejects", since)
    status.polls = _rows(connection, "status_polls")


def _devices(rows: list[DeviceRow]) -> Devices:
    ill = [row for row in rows if row.reasons]
    sick = sorted(ill, key=lambda row: (not row.is_called_out, row.source, row.vehicle))
    count = Counter(reason for row in rows for reason in row.reasons)
    by_reason = {str(reason): count[reason] for reason in DeviceReason if count[reason]}
    return Devices(len(rows), len(sick), by_reason, sick)
