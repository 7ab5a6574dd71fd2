"""Plain SQL files, applied in order, once each, as the owner of the database."""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import LiteralString

import psycopg

from geo.db import Database, Role, Row, read_sql
from geo.errors import DatabaseProblem


def migrations() -> list[tuple[str, LiteralString]]:
    """(name, text) of every migration, in the order of their numbers."""
    folder = resources.files("geo").joinpath("sql", "migrations")
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [(f.name, f.read_text(encoding="utf-8")) for f in files]


def _applied(connection: psycopg.Connection[Row]) -> dict[str, str]:
    return dict(connection.execute(read_sql("geo", "queries/applied_migrations")).fetchall())


def pending(connection: psycopg.Connection[Row]) -> list[str]:
    """Names of the migrations that this database does not have yet."""
    if connection.execute(read_sql("geo", "queries/has_migrations")).fetchone() != (True,):
        return [name for name, _ in migrations()]
    applied = _applied(connection)
    return [name for name, _ in migrations() if name not in applied]


def migrate(database: Database) -> list[str]:
    """Apply what is missing, in one transaction; the names of what was applied.

    Raises DatabaseProblem when an applied file has changed since, or when one cannot be applied.
    """
    done: list[str] = []
    with database.connect(Role.OWNER) as connection:
        connection.execute(read_sql("geo", "queries/lock_migrations"))
        connection.execute(read_sql("geo", "queries/create_migration_table"))
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
            connection.execute(read_sql("geo", "queries/record_migration"), {"name": name, "sha256": digest})
            done.append(name)
    return done
