"""Connections to PostGIS, one database role a room, and the reader of our .sql files.

In the private cluster each role logs in by itself. With a PostGIS of your own the login of `database.url` takes the
role by SET ROLE at connection, unless `database.role_urls` names a login for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, LiteralString

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from geo.errors import DatabaseProblem

type Row = tuple[Any, ...]


class Role(StrEnum):
    """The writing and reading roles of DESIGN's table. OWNER migrates and nothing else."""

    OWNER = "yuki_owner"
    ENGINE = "yuki_engine"
    SCORE = "yuki_score"
    INGEST = "yuki_ingest"
    PUBLISH = "yuki_publish"
    READER = "yuki_reader"
    MANAGER = "yuki_manager"
    APP = "yuki_app"
    PORTAL = "yuki_portal"


@dataclass(frozen=True, slots=True)
class Database:
    """How to reach one database. Nothing is opened before `connect` or a pool is asked for.

    conninfo        libpq connection string of the owner
    roles_log_in    True where the roles log in by themselves (private cluster)
    role_urls       connection strings of single roles, by role name
    """

    conninfo: str
    roles_log_in: bool = False
    role_urls: tuple[tuple[str, str], ...] = ()

    def conninfo_of(self, role: Role) -> str:
        """The libpq connection string for a role, always in UTC."""
        base = dict(self.role_urls).get(role.value, self.conninfo)
        settings = ["-c TimeZone=UTC"]
        extra: dict[str, Any] = {"application_name": f"yukimichi {role.value}"}
        if role is not Role.OWNER and base == self.conninfo:
            if self.roles_log_in:
                extra["user"] = role.value
            else:
                settings.append(f"-c role={role.value}")
        given = conninfo_to_dict(base).get("options")
        options = " ".join([str(given)] * bool(given) + settings)
        return make_conninfo(base, options=options, **extra)

    @contextlib.contextmanager
    def connect(self, role: Role) -> Iterator[psycopg.Connection[Row]]:
        """A connection in one transaction: committed at the end of the block, rolled back on an exception.

        Raises DatabaseProblem where the database does not answer, at first or any more.
        """
        try:
            connection = psycopg.connect(self.conninfo_of(role))
        except psycopg.OperationalError as error:
            raise unreachable(error) from error
        with connection:
            try:
                yield connection
            except psycopg.OperationalError as error:
                if connection.closed:
                    raise unreachable(error) from error
                raise

    def pool(self, role: Role, *, most: int = 4) -> ConnectionPool[psycopg.Connection[Row]]:
        """A closed pool; open it with `with`."""
        return ConnectionPool(self.conninfo_of(role), min_size=1, max_size=most, open=False, timeout=5)

    def async_pool(self, role: Role, *, most: int = 8) -> AsyncConnectionPool[psycopg.AsyncConnection[Row]]:
        """A closed pool for the server; open it in the lifespan."""
        return AsyncConnectionPool(self.conninfo_of(role), min_size=1, max_size=most, open=False, timeout=5)


def unreachable(error: psycopg.Error) -> DatabaseProblem:
    """The one message for a database that does not answer."""
    return DatabaseProblem(
        f"The database does not answer: {str(error).strip()}.",
        hint="Run `yukimichi doctor`; it says what is missing and how to mend it.",
    )


@cache
def read_sql(package: str, name: str) -> LiteralString:
    """The text of `<package>/sql/<name>.sql`, for example read_sql("geo", "queries/read_fixes")."""
    file = resources.files(package).joinpath("sql", *f"{name}.sql".split("/"))
    return file.read_text(encoding="utf-8")
