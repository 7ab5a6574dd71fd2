"""Keys, as an administrator gives, changes and takes them; each step is one transaction with its line in app.audit.

A key is 256 random bits and shown once; what is stored is its SHA-256. It never enters the audit log.
"""

from __future__ import annotations

import os
import pwd
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from geo.db import Database, Role, Row, read_sql
from geo.errors import ConflictError, InputError, NotFoundError
from geo.settings import Settings
from ingest.keys import digest_of
from ingest.registry import register_source

KEY_BYTES = 32
#: Names of sources stand in topics of MQTT and in addresses: no slash, no wildcard, no space.
NAME = re.compile(r"[\w][\w.-]{0,63}")
#: Scopes of `yukimichi key add`, and whether they are of somebody.
SCOPES = {"public": False, "contractor": True, "manager": True, "admin": False}


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key at the only moment when it is known."""

    key_id: int
    key: str


@dataclass(frozen=True, slots=True)
class KeyRow:
    """What is known of a key afterwards. valid_until and revoked_at None: it holds until somebody ends it."""

    key_id: int
    name: str
    scope: str
    scope_of: str | None
    has_probes: bool
    recorded_at: datetime
    valid_until: datetime | None
    revoked_at: datetime | None


def actor() -> str:
    """The user of this machine who runs the command, by the kernel and not by the environment."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def _audit(connection: psycopg.Connection[Row], action: str, key_id: int | None, **detail: Any) -> None:
    named = {"key_id": key_id, "action": action, "actor": actor(), "detail": Jsonb(detail)}
    connection.execute(read_sql("yukimichi", "write_audit"), named)


def read_keys(database: Database, *, all_keys: bool = False) -> list[KeyRow]:
    """Keys that are valid now, or all that ever were."""
    with database.connect(Role.APP) as connection:
        rows = connection.execute(read_sql("yukimichi", "read_keys"), {"all_keys": all_keys}).fetchall()
    return [KeyRow(*row) for row in rows]


def _insert(
    connection: psycopg.Connection[Row],
    name: str,
    scope: str,
    scope_of: str | None,
    has_probes: bool = False,
    valid_days: float | None = None,
) -> NewKey:
    key = secrets.token_urlsafe(KEY_BYTES)
    named = {"name": name, "key_sha256": digest_of(key), "scope": scope, "scope_of": scope_of, "has_probes": has_probes}
    row = connection.execute(read_sql("yukimichi", "insert_key"), named | {"valid_days": valid_days}).fetchone()
    assert row is not None
    return NewKey(int(row[0]), key)


def _end(connection: psycopg.Connection[Row], keys: list[KeyRow], overlap_s: float = 0) -> None:
    named = {"key_ids": [key.key_id for key in keys], "overlap_s": overlap_s}
    connection.execute(read_sql("yukimichi", "end_keys"), named)


def _of_source(database: Database, name: str) -> list[KeyRow]:
    return [key for key in read_keys(database) if key.scope == "source" and key.scope_of == name]


def _require_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise InputError(
            f"{name!r} is no name of a source.", hint="Letters, digits, '-', '_' and '.', at most 64, no space."
        )


def add_source(database: Database, settings: Settings, name: str, *, has_probes: bool) -> NewKey:
    """Register a source by its settings in config.yml and give it a key.

    Raises InputError for a name that is none, ConflictError where it has a key already.
    """
    _require_name(name)
    if _of_source(database, name):
        raise ConflictError(f"The source {name} has a key.", hint=f"Change it: yukimichi source rotate {name}")
    with database.connect(Role.INGEST) as connection:
        register_source(connection, name, "live", settings.source(name))
    with database.connect(Role.APP) as connection:
        new = _insert(connection, name, "source", name, has_probes)
        _audit(connection, "source_add", new.key_id, source=name, has_probes=has_probes)
    return new


def rotate_source(database: Database, name: str, *, overlap_s: float) -> NewKey:
    """A new key with the reach of the present one, which ends at once or overlap_s later.

    Raises NotFoundError where the source has no valid key.
    """
    old = _require_keys(database, name)
    with database.connect(Role.APP) as connection:
        new = _insert(connection, name, "source", name, any(key.has_probes for key in old))
        _end(connection, old, overlap_s)
        ended = [key.key_id for key in old]
        _audit(connection, "source_rotate", new.key_id, source=name, ended=ended, overlap_s=overlap_s)
    return new


def revoke_source(database: Database, name: str) -> list[int]:
    """End every key of a source at once; their ids. Raises NotFoundError where it has none."""
    old = _require_keys(database, name)
    with database.connect(Role.APP) as connection:
        _end(connection, old)
        for key in old:
            _audit(connection, "source_revoke", key.key_id, source=name)
    return [key.key_id for key in old]


def _require_keys(database: Database, name: str) -> list[KeyRow]:
    found = _of_source(database, name)
    if not found:
        raise NotFoundError(f"The source {name} has no valid key.", hint=f"Make one: yukimichi source add {name}")
    return found


def list_sources(database: Database) -> list[dict[str, Any]]:
    """Registered sources with the ids of their valid keys, and when those end."""
    keys = [key for key in read_keys(database) if key.scope == "source"]
    with (
        database.connect(Role.INGEST) as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        rows = cursor.execute(read_sql("yukimichi", "list_sources")).fetchall()
    for row in rows:
        own = [key for key in keys if key.scope_of == row["name"]]
        row["n_keys"] = len(own)
        row["has_probes"] = any(key.has_probes for key in own)
        row["valid_until"] = max((key.valid_until for key in own if key.valid_until), default=None)
    return rows


def add_key(database: Database, name: str, scope: str, scope_of: str | None, valid_days: float | None = None) -> NewKey:
    """A key that reads; it ends by itself after valid_days, None: it has no end.

    Raises InputError for a scope that is none or lacks its `of`, ConflictError for a used name.
    """
    if scope not in SCOPES:
        raise InputError(
            f"{scope!r} is no scope of such a key.",
            hint=f"Scopes: {', '.join(SCOPES)}. A source gets its key by `yukimichi source add`.",
        )
    if SCOPES[scope] != (scope_of is not None):
        needs = "needs --of: whose key is it?" if SCOPES[scope] else "is nobody's: leave --of out."
        raise InputError(f"Scope {scope} {needs}", hint="For example --scope manager --of 石川県.")
    if any(key.name == name for key in read_keys(database)):
        raise ConflictError(f"A valid key is named {name}.", hint="Choose another name, or revoke that one.")
    with database.connect(Role.APP) as connection:
        new = _insert(connection, name, scope, scope_of, valid_days=valid_days)
        _audit(connection, "key_add", new.key_id, name=name, scope=scope, scope_of=scope_of, valid_days=valid_days)
    return new


def rotate_key(database: Database, name: str, *, overlap_s: float, valid_days: float | None = None) -> NewKey:
    """A new key with name and reach of the present one, which ends at once or overlap_s later. Raises NotFoundError."""
    old = _require_key(database, name)
    with database.connect(Role.APP) as connection:
        new = _insert(connection, old.name, old.scope, old.scope_of, valid_days=valid_days)
        _end(connection, [old], overlap_s)
        detail = {"name": old.name, "ended": old.key_id, "overlap_s": overlap_s, "valid_days": valid_days}
        _audit(connection, "key_rotate", new.key_id, **detail)
    return new


def revoke_key(database: Database, name: str) -> list[int]:
    """End the keys of that name (two during a rotation), or the one of that id; their ids. Raises NotFoundError."""
    _require_key(database, name)
    found = [key for key in read_keys(database) if _is_named(key, name)]
    with database.connect(Role.APP) as connection:
        _end(connection, found)
        for key in found:
            _audit(connection, "key_revoke", key.key_id, name=key.name)
    return [key.key_id for key in found]


def _is_named(key: KeyRow, name: str) -> bool:
    return name in (key.name, str(key.key_id)) and key.scope != "source"


def _require_key(database: Database, name: str) -> KeyRow:
    """The newest valid key for reading of a name or an id."""
    found = [key for key in read_keys(database) if _is_named(key, name)]
    if not found:
        raise NotFoundError(
            f"No valid key is named {name}.",
            hint="See `yukimichi key list`; keys of sources: `yukimichi source revoke`.",
        )
    return max(found, key=lambda key: key.key_id)


def read_audit(
    database: Database, most: int, *, key: str | None = None, action: str | None = None, since: datetime | None = None
) -> list[dict[str, Any]]:
    """The newest lines of the audit log, the newest first; of one key (name or id), one action, from a moment on."""
    named = {"most": most, "key": key, "action": action, "since": since}
    with (
        database.connect(Role.APP) as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        return cursor.execute(read_sql("yukimichi", "read_audit"), named).fetchall()
