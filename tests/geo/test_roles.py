"""DESIGN's table of roles, cell by cell, against the real GRANTs."""

from __future__ import annotations

from typing import LiteralString

import psycopg
import pytest

from geo.db import Database, Role

#: role -> schemas that it reads; DESIGN §2, the table of packages
READS: dict[Role, set[str]] = {
    Role.ENGINE: {"raw", "net", "ops"},
    Role.SCORE: {"raw", "net", "ops", "social"},
    Role.INGEST: {"raw"},
    Role.PUBLISH: {"net", "ops", "pub", "mgr"},
    Role.READER: {"pub"},
    Role.MANAGER: {"pub", "mgr"},
    Role.APP: {"app"},
    Role.PORTAL: {"portal"},
}
#: role -> schemas into which it may insert
WRITES: dict[Role, set[str]] = {
    Role.ENGINE: {"net", "ops"},
    Role.SCORE: set(),
    Role.INGEST: {"raw", "social"},
    Role.PUBLISH: {"pub", "mgr"},
    Role.READER: set(),
    Role.MANAGER: set(),
    Role.APP: {"app"},
    Role.PORTAL: {"portal"},
}
#: Single tables beyond the table of schemas: ingest checks keys.
EXTRA_READS = {Role.INGEST: {"app.api_key"}}

TABLES = """
SELECT n.nspname, c.relname FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v') AND n.nspname IN ('raw', 'net', 'ops', 'pub', 'mgr', 'social', 'app', 'portal')
"""


def _allowed(database: Database, role: Role, privilege: str) -> dict[str, bool]:
    with database.connect(Role.OWNER) as connection:
        tables = connection.execute(TABLES).fetchall()
        assert len(tables) > 30
        return {
            f"{schema}.{table}": bool(
                connection.execute(
                    "SELECT has_schema_privilege(%s, %s, 'USAGE') AND has_table_privilege(%s, %s, %s)",
                    (role, schema, role, f"{schema}.{table}", privilege),
                ).fetchone()[0]  # type: ignore[index]
            )
            for schema, table in tables
        }


@pytest.mark.parametrize("role", list(READS))
def test_role_reads_what_the_table_says_and_nothing_else(database: Database, role: Role) -> None:
    for table, allowed in _allowed(database, role, "SELECT").items():
        schema = table.partition(".")[0]
        expected = schema in READS[role] or table in EXTRA_READS.get(role, set())
        assert allowed == expected, f"{role} SELECT {table}"


@pytest.mark.parametrize("role", list(WRITES))
@pytest.mark.parametrize("privilege", ["INSERT", "UPDATE", "DELETE", "TRUNCATE"])
def test_role_writes_nothing_beyond_its_schemas(database: Database, role: Role, privilege: str) -> None:
    for table, allowed in _allowed(database, role, privilege).items():
        schema = table.partition(".")[0]
        if schema not in WRITES[role]:
            assert not allowed, f"{role} {privilege} {table}"
        elif privilege == "INSERT":
            assert allowed, f"{role} INSERT {table}"


@pytest.mark.parametrize("schema", ["raw", "net", "ops", "mgr", "social", "app", "portal"])
def test_public_reader_is_refused_everywhere_but_pub(database: Database, schema: str) -> None:
    with database.connect(Role.OWNER) as connection:
        table = connection.execute(TABLES + " AND n.nspname = %s LIMIT 1", (schema,)).fetchone()
    assert table is not None
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.connect(Role.READER) as connection:
        connection.execute(psycopg.sql.SQL("SELECT * FROM {}").format(psycopg.sql.Identifier(*table)))


def test_public_reader_reads_pub_and_cannot_write_it(database: Database) -> None:
    with database.connect(Role.READER) as connection:
        assert connection.execute("SELECT count(*) FROM pub.roads").fetchone() == (0,)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.connect(Role.READER) as connection:
        connection.execute("DELETE FROM pub.roads")


CHANGES_OF_A_FACT: list[LiteralString] = [
    "UPDATE ops.pass SET confidence = 1",
    "UPDATE ops.pass SET kind = 'pass'",
    "UPDATE ops.edge_status SET state = 'cleared'",
    "DELETE FROM ops.pass",
    "DELETE FROM ops.trace",
    "DELETE FROM ops.event",
    "TRUNCATE ops.coverage",
]


@pytest.mark.parametrize("statement", CHANGES_OF_A_FACT)
def test_even_the_engine_cannot_change_or_delete_a_fact(database: Database, statement: LiteralString) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.connect(Role.ENGINE) as connection:
        connection.execute(statement)


def test_the_engine_supersedes(database: Database) -> None:
    with database.connect(Role.ENGINE) as connection:
        connection.execute("UPDATE ops.pass SET superseded_at = now()")


@pytest.mark.parametrize("role", list(READS))
def test_no_role_is_superuser_or_makes_tables(database: Database, role: Role) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.connect(role) as connection:
        connection.execute("CREATE TABLE public.mine (id int)")


def test_roles_hold_when_one_login_takes_them_by_set_role(database: Database) -> None:
    """With database.url there is one login; it still reads as the role."""
    by_set_role = Database(database.conninfo)
    with by_set_role.connect(Role.READER) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("yuki_reader",)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), by_set_role.connect(Role.READER) as connection:
        connection.execute("SELECT * FROM raw.fix")
