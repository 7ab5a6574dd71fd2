"""The town of town.sql: made, published, served in a process of its own, and read past the service."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import shapely
from psycopg.rows import dict_row

from geo.db import Database, Role, read_sql
from geo.vocabulary import State
from ingest.keys import digest_of
from layers.catalogue import Collection, collections
from layers.publish import publish
from yukimichi.cluster import Cluster

HERE = Path(__file__).parent
MANAGER_KEY = "a key of these tests"
#: Reference layers of the town beside those of the catalogue.
LAYERS = ("coast", "settlements", "shelters")
STATE_JA = json.dumps({state.value: state.ja for state in State}, ensure_ascii=False)


@dataclass(frozen=True)
class Town:
    """A served town. `moment` is what its states describe; `address` has no slash at its end."""

    database: Database
    address: str
    moment: datetime
    log: Path

    def requests(self, since: int = 0) -> list[str]:
        """Lines `method path?query status encoding` of what was asked, from a position of that list on."""
        return self.log.read_text(encoding="utf-8").splitlines()[since:] if self.log.exists() else []

    def rows(self, collection_id: str, where: str = "true", **params: Any) -> list[dict[str, Any]]:
        """What the database says of a collection: its columns, and `geom` as a shape in degrees, by id."""
        collection = self.collection(collection_id)
        source = read_sql("layers", f"collections/{collection.source}")
        statement = (
            f"SELECT s.*, ST_AsBinary(s.geom) AS geom FROM ({source}) AS s WHERE {where} "  # noqa: S608 - ours
            f"ORDER BY s.{collection.id_column}"
        )
        bound = {"as_of": self.moment, "state_ja": STATE_JA, "layer": collection_id, "sees_all": True}
        bound |= {"sees_every_manager": True, "manager_of": None}
        with (
            self.database.connect(Role.MANAGER) as connection,
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            found = cursor.execute(statement, bound | {"contractor": None} | params).fetchall()  # type: ignore[arg-type]
        return [row | {"geom": row["geom"] and shapely.from_wkb(row["geom"])} for row in found]

    def collection(self, collection_id: str) -> Collection:
        """The catalogue's collection."""
        return collections(LAYERS)[collection_id]

    @property
    def public(self) -> dict[str, Collection]:
        """The collections that everybody sees."""
        return {name: found for name, found in collections(LAYERS).items() if found.is_public}


def make_town(cluster: Cluster, name: str, moment: datetime) -> Database:
    """A database with the town as of that moment, published, and a manager's key."""
    cluster.create_database(name, "template_yuki")
    database = cluster.database(name)
    with database.connect(Role.ENGINE) as connection:
        connection.execute("SELECT set_config('town.as_of', %s, true)", (moment.isoformat(),))
        connection.execute((HERE / "town.sql").read_bytes())
    with database.connect(Role.OWNER) as connection:
        connection.execute(
            "INSERT INTO app.api_key (name, key_sha256, scope, scope_of) VALUES ('m', %s, 'manager', 'prefecture')",
            (digest_of(MANAGER_KEY),),
        )
    publish(database, moment, b"a secret of this test")
    return database


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=10).status_code == 200
    except httpx.TransportError:
        return False


@contextlib.contextmanager
def serving(database: Database, moment: datetime, log: Path, *, clock: str | None = None) -> Iterator[Town]:
    """The town behind an address. clock: `now` for the real one; else the moment stands still."""
    command = [sys.executable, str(HERE / "serve_town.py"), database.conninfo, clock or moment.isoformat(), str(log)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE.parent.parent)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://"), "the server of the town did not start"
        deadline = time.monotonic() + 120
        while not _answers(address):
            assert process.poll() is None, "the server of the town ended"
            assert time.monotonic() < deadline, "the server of the town does not answer"
            time.sleep(0.05)
        yield Town(database, address, moment, log)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        assert process.stdout is not None
        process.stdout.close()
