"""Keys by command: printed once, stored hashed, rotated, revoked, and every step in a log that nobody changes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
import yaml

from geo.db import Database, Role
from ingest.keys import digest_of
from yukimichi.__main__ import main
from yukimichi.keys import actor

type Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """run(*words) → exit code, standard output, standard error; beside a config.yml with the source loggers."""
    settings = {"database": {"url": database.conninfo}, "sources": {"loggers": {"work_basis": "assumed"}}}
    (tmp_path / "config.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["yukimichi", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        code = ended.value.code
        return (0 if code is None else int(code)), out, " ".join(err.split())

    return call


def _valid(database: Database, key: str) -> bool:
    with database.connect(Role.APP) as connection:
        query = """SELECT count(*) FROM app.api_key WHERE key_sha256 = %s AND revoked_at IS NULL
                   AND (valid_until IS NULL OR valid_until > now())"""
        return connection.execute(query, (digest_of(key),)).fetchone() == (1,)


def test_a_source_gets_a_key_that_is_shown_once_and_stored_hashed(database: Database, run: Run) -> None:
    code, out, err = run("source", "add", "loggers")
    key = out.strip()
    assert code == 0
    assert len(key) >= 43  # 256 bits
    assert key not in err
    assert _valid(database, key)
    with database.connect(Role.OWNER) as connection:
        for table in ("app.api_key", "app.audit", "raw.source"):
            text = connection.execute(f"SELECT string_agg(t::text, '') FROM {table} AS t").fetchone()  # type: ignore[call-overload]  # noqa: S608
            assert text is not None
            assert key not in text[0]
        assert connection.execute("SELECT work_basis, kind FROM raw.source").fetchall() == [("assumed", "live")]
    code, _, err = run("source", "add", "loggers")
    assert code == 75
    assert "yukimichi source rotate loggers" in err


def test_a_source_that_config_does_not_have_is_said(run: Run) -> None:
    assert "config.yml has no source other" in run("source", "add", "other", "--probes")[2]
    for name in ("a/b", "a+", "", "a b", "#"):
        code, _, err = run("source", "add", name)
        assert code == 65, name
        assert "no name of a source" in err


def test_rotating_ends_the_former_key_at_once_or_after_the_overlap(database: Database, run: Run) -> None:
    first = run("source", "add", "loggers", "--probes")[1].strip()
    second = run("source", "rotate", "loggers", "--overlap", "10")[1].strip()
    assert _valid(database, first)
    assert _valid(database, second)
    third = run("source", "rotate", "loggers")[1].strip()
    assert [_valid(database, key) for key in (first, second, third)] == [False, False, True]
    (row,) = json.loads(run("source", "list", "--json")[1])
    assert (row["name"], row["n_keys"], row["has_probes"], row["valid_until"]) == ("loggers", 1, True, None)
    assert len(json.loads(run("key", "list", "--all", "--json")[1])) == 3


def test_a_revoked_source_has_no_key(database: Database, run: Run) -> None:
    key = run("source", "add", "loggers")[1].strip()
    assert run("source", "revoke", "loggers")[0] == 0
    assert not _valid(database, key)
    for words in (("source", "revoke", "loggers"), ("source", "rotate", "loggers"), ("source", "revoke", "nobody")):
        code, _, err = run(*words)
        assert code == 65
        assert "yukimichi source add" in err
    assert run("source", "add", "loggers")[0] == 0


def test_keys_for_reading_have_a_scope(database: Database, run: Run) -> None:
    key = run("key", "add", "desk", "--scope", "manager", "--of", "石川県")[1].strip()
    assert _valid(database, key)
    refused = {
        ("desk", "--scope", "admin"): "A valid key is named desk",
        ("a", "--scope", "source", "--of", "x"): "yukimichi source add",
        ("a", "--scope", "manager"): "needs --of",
        ("a", "--scope", "admin", "--of", "x"): "leave --of out",
    }
    for words, message in refused.items():
        code, _, err = run("key", "add", *words)
        assert code != 0
        assert message in err
    (row,) = json.loads(run("key", "list", "--json")[1])
    assert (row["name"], row["scope"], row["scope_of"]) == ("desk", "manager", "石川県")
    assert run("key", "revoke", "desk")[0] == 0
    assert not _valid(database, key)
    assert run("key", "revoke", "desk")[0] == 65


def test_keys_for_reading_rotate_and_end_by_themselves(database: Database, run: Run) -> None:
    first = run("key", "add", "desk", "--scope", "contractor", "--of", "北陸建設", "--days", "2")[1].strip()
    (row,) = json.loads(run("key", "list", "--json")[1])
    assert row["valid_until"] is not None
    second = run("key", "rotate", "desk", "--overlap", "10")[1].strip()
    assert [_valid(database, key) for key in (first, second)] == [True, True]
    third = run("key", "rotate", "desk")[1].strip()
    assert [_valid(database, key) for key in (first, second, third)] == [True, False, True]
    assert run("key", "revoke", "desk")[0] == 0
    assert [_valid(database, key) for key in (first, second, third)] == [False, False, False]
    assert run("key", "rotate", "desk")[0] == 65
    rows = json.loads(run("key", "list", "--all", "--json")[1])
    assert {(row["name"], row["scope"], row["scope_of"]) for row in rows} == {("desk", "contractor", "北陸建設")}


def test_the_audit_log_is_asked_by_key_action_and_time(run: Run) -> None:
    run("key", "add", "one", "--scope", "admin")
    run("key", "add", "two", "--scope", "admin")
    run("key", "revoke", "two")

    def actions(*words: str) -> list[str]:
        return [line["action"] for line in json.loads(run("audit", "--json", *words)[1])]

    assert actions("--key", "two") == ["key_revoke", "key_add"]
    assert actions("--action", "key_add") == ["key_add", "key_add"]
    assert actions("--key", "one", "--action", "key_revoke") == []
    assert actions("--since", "2020-01-01") == ["key_revoke", "key_add", "key_add"]
    assert actions("--since", "2999-01-01T00:00Z") == []
    assert run("audit", "--since", "tomorrow")[0] == 65


def test_every_step_is_in_the_audit_log_with_who_did_it(run: Run) -> None:
    secret = run("source", "add", "loggers")[1].strip()
    run("source", "rotate", "loggers", "--overlap", "1")
    run("source", "revoke", "loggers")
    run("key", "add", "desk", "--scope", "admin")
    run("key", "revoke", "desk")
    code, out, _ = run("audit", "--json")
    assert code == 0
    assert secret not in out
    lines = json.loads(out)
    done = ["key_revoke", "key_add", "source_revoke", "source_revoke", "source_rotate", "source_add"]
    assert [line["action"] for line in lines] == done
    assert {line["actor"] for line in lines} == {actor()}
    assert all(line["key_id"] for line in lines)
    assert len(json.loads(run("audit", "--limit", "2", "--json")[1])) == 2
    assert "source_add" in run("audit")[1]


CHANGES: list[LiteralString] = [
    "UPDATE app.audit SET action = 'x'",
    "DELETE FROM app.audit",
    "TRUNCATE app.audit",
    "TRUNCATE app.api_key CASCADE",
]


@pytest.mark.parametrize("role", [Role.OWNER, Role.APP])
@pytest.mark.parametrize("statement", CHANGES)
def test_not_even_the_owner_changes_the_audit_log(
    database: Database, run: Run, role: Role, statement: LiteralString
) -> None:
    run("source", "add", "loggers")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.connect(role) as connection:
        connection.execute(statement)
    with database.connect(Role.APP) as connection:
        assert connection.execute("SELECT count(*) FROM app.audit").fetchone() == (1,)


def test_probes_are_purged_by_hand(database: Database, run: Run) -> None:
    run("source", "add", "buses", "--probes")
    with database.connect(Role.INGEST) as connection:
        connection.execute(
            """INSERT INTO raw.probe (probe, at, lon, lat, source_id, received_at)
               SELECT substr(sha256(n::text::bytea), 1, 16), now(), 136, 36, source_id, now() - n * interval '1 hour'
               FROM raw.source, generate_series(22, 24, 2) AS n"""
        )
    code, _, err = run("purge-probes")
    assert code == 0
    assert "1 positions" in err
    with database.connect(Role.INGEST) as connection:
        assert connection.execute("SELECT count(*) FROM raw.probe").fetchone() == (1,)
