"""Plain SQL files, applied in order, once each, as the owner of the database."""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import LiteralString

import psycopg

from geo.db import Database, Role, Row
from geo.errors import DatabaseProblem

#: Any number that nothing else in the database locks: one migration at a time.
LOCK_ID = 7_902_110


def migrations() -> list[tuple[str, LiteralString]]:
    """(name, text) of every migration, in the order of their numbers."""
    folder = resources.files("geo").joinpath("sql", "migrations")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [(f.name, f.read_text(encoding="utf-8")) for f in files]


def _applied(connection: psycopg.Connection[Row]) -> dict[str, str]:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS public.yuki_migration "
        "(name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    return dict(connection.execute("SELECT name, sha256 FROM public.yuki_migration").fetchall())


def migrate(database: Database) -> list[str]:
    """Apply what is missing, in one transaction; the names of what was applied.

    Raises DatabaseProblem when an applied file has changed since, or when one cannot be applied.
    """
    done: list[str] = []
    with database.connect(Role.OWNER) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_ID,))
        applied = _applied(connection)
        for name, text in migrations():
            digest = hashlib.sha256(text.encode()).hexdigest()
            if applied.get(name) == digest:
                continue
            if name in applied:
                raise DatabaseProblem(
                    f"Migration {name} was changed after it had been applied to this database.",
                    hint="Put the change into a new numbered file, or start over with `make clean-data`.",
                )
            try:
                connection.execute(text)
            except psycopg.Error as error:
                raise DatabaseProblem(f"Migration {name} failed: {error}", hint="Nothing was applied.") from error
            connection.execute("INSERT INTO public.yuki_migration (name, sha256) VALUES (%s, %s)", (name, digest))
            done.append(name)
    return done
