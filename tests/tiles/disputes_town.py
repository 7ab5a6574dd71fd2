"""The small town behind a socket for tests of disputes: keys of managers, photos made by hand, reports of anybody."""

from __future__ import annotations

import hashlib
import io
import itertools
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from PIL import Image

from geo.db import Database, Role
from tests.served_town import AS_OF

#: Keys by name: scope and of whom. 国道8号 (piece 2) is the nation's and lies on a route of the office 金沢土木;
#: 本町通り (piece 3) is the municipality's.
KEYS: dict[str, tuple[str, str | None]] = {
    "key-admin": ("admin", None), "key-nation": ("manager", "nation"), "key-office": ("manager", "金沢土木"),
    "key-town": ("manager", "金沢市"), "key-prefecture": ("manager", "prefecture"),
    "key-contractor": ("contractor", "秘密建設"), "key-public": ("public", None),
}  # fmt: skip
NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Town:
    """The served town."""

    database: Database
    address: str

    def client(self, key: str | None = None, host: str | None = None, **headers: str) -> httpx.Client:
        """A client, with a key or without, each from an address of its own unless it is named."""
        sent = {"X-Forwarded-For": host or f"198.51.{next(NUMBERS) % 250}.{next(NUMBERS) % 250}"} | headers
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        return httpx.Client(base_url=self.address, headers=sent, timeout=30)

    def rows(self, statement: str, *params: object) -> list[tuple[Any, ...]]:
        """What the database holds."""
        with self.database.connect(Role.OWNER) as connection:
            return connection.execute(statement.encode(), params).fetchall()

    def send(self, *, key: str | None = None, host: str | None = None, **fields: object) -> httpx.Response:
        """Send a dispute as JSON: of 国道8号 along digitising, unless told otherwise."""
        with self.client(key, host) as client:
            return client.post("/disputes", json=claim(**fields))


def claim(**fields: object) -> dict[str, object]:
    """The fields of a dispute; None leaves one out."""
    given: dict[str, object] = {"edge_id": 4, "state_seen": "uncleared", "seen_at": AS_OF.isoformat()} | fields
    return {name: value for name, value in given.items() if value is not None}


def client_id() -> str:
    """A name of a report that nobody else gives."""
    return secrets.token_urlsafe(18)


def seen_at(minutes_ago: float) -> str:
    """A moment before that of the town."""
    return (AS_OF - timedelta(minutes=minutes_ago)).isoformat()


def give_keys(database: Database) -> None:
    """Write the keys."""
    with database.connect(Role.APP) as connection:
        for name, (scope, of) in KEYS.items():
            connection.execute(
                "INSERT INTO app.api_key (name, key_sha256, scope, scope_of) VALUES (%s, %s, %s, %s)",
                (name, hashlib.sha256(name.encode()).digest(), scope, of),
            )


def photo(form: str = "JPEG", size: tuple[int, int] = (64, 48), **saved: Any) -> bytes:
    """A picture: red above, blue below, so that turning it shows."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (0, size[1] // 2, *size))
    out = io.BytesIO()
    image.save(out, form, **saved)
    return out.getvalue()
