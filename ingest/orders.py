"""Orders of road managers in raw: placed, changed, ended and listed; append-only, one transaction an entry.

Whether the author may order about the roads is asked here and again when the order is laid (geo.store.order_laying).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
import shapely
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from geo.db import Row, read_sql
from geo.errors import AccessError, ConflictError, InputError, NotFoundError
from geo.vocabulary import OrderKind, Restriction, State
from ingest.order_entry import PLACES, NewOrder, read_name, read_order, read_reason, read_span
from ingest.order_roads import Author, check_roads

type Connection = psycopg.Connection[Row]

#: Scopes whose keys give orders.
SCOPES = ("manager", "admin")
#: Fields of NewOrder that are columns as they are.
COLUMNS = (
    "kind", "restriction", "state", "direction", "begins_at", "ends_at", "reason", "is_reason_public", "client_id",
)  # fmt: skip
#: So many orders are listed at most.
LISTED_MAX = 1_000
ORDER_ID_MAX = 2**62


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an entry. is_repeat: the same client_id came before, and nothing was written."""

    order_id: int
    entry_id: int
    is_repeat: bool
    warnings: tuple[str, ...] = ()


def author_of(key_id: int, name: str, scope: str, scope_of: str | None) -> Author:
    """The author behind a key. Raises AccessError for a key of another scope."""
    if scope not in SCOPES:
        raise AccessError(
            f"A key of scope {scope} gives no orders.", hint="Use a key of scope manager: `yukimichi key add`."
        )
    return Author(name, key_id, None if scope == "admin" else scope_of)


def place_order(
    connection: Connection,
    author: Author,
    order: NewOrder,
    *,
    source: tuple[int, str] | None = None,
    is_synthetic: bool = False,
) -> Receipt:
    """Write a new order. `source` is (source_id, the order's name there) of an import.

    Raises AccessError for roads of others, InputError for roads that are not there.
    """
    connection.execute(read_sql("ingest", "lock_orders"))
    known = _repeat(connection, author, order.client_id)
    if known is not None:
        return known
    warnings = check_roads(connection, author, order.place, order.shape)
    standing: dict[str, Any] = {
        "author_of": author.of,
        "source_id": None,
        "external_id": None,
        "is_synthetic": is_synthetic,
    }
    if source is not None:
        standing |= {"source_id": source[0], "external_id": source[1]}
    return write_order(connection, author, order, "place", standing, warnings)


def change_order(
    connection: Connection, author: Author, order_id: int, given: Mapping[str, Any], now: datetime, zone: str
) -> Receipt:
    """Write how an order stands from now on: the fields that are given, the others as before.

    A place is changed as a whole. Raises as place_order, NotFoundError, ConflictError for one that is over.
    """
    connection.execute(read_sql("ingest", "lock_orders"))
    known = _repeat(connection, author, given.get("client_id"))
    if known is not None:
        return known
    old = _open(connection, author, order_id, now)
    if given.get("kind", old["kind"]) != old["kind"]:
        raise InputError("kind: an order keeps its kind.", hint="End this one and enter another.")
    order = read_order(_as_given(old) | _without_place(given, old) | {"kind": old["kind"]}, now, zone, may_be_over=True)
    warnings = check_roads(connection, author, order.place, order.shape)
    return write_order(connection, author, order, "change", old, warnings)


def end_order(
    connection: Connection, author: Author, order_id: int, given: Mapping[str, Any], now: datetime, zone: str
) -> Receipt:
    """End an order now, or at the ends_at that is given; one that has not begun never holds.

    Raises InputError without a reason, NotFoundError, AccessError for one of others, ConflictError for one that is
    over.
    """
    unknown = set(given) - {"reason", "ends_at", "client_id"}
    if unknown:
        raise InputError(f"{sorted(unknown)[0][:60]!r} is no field of an end.", hint="reason, ends_at, client_id.")
    connection.execute(read_sql("ingest", "lock_orders"))
    known = _repeat(connection, author, given.get("client_id"))
    if known is not None:
        return known
    old = _open(connection, author, order_id, now)
    ends_at = read_span({"begins_at": None, "ends_at": given.get("ends_at")}, now, zone, may_be_over=False)[1] or now
    order = dataclasses.replace(
        order_of(old),
        ends_at=max(ends_at, old["begins_at"]),
        reason=read_reason(given),
        client_id=read_name(given, "client_id"),
    )
    return write_order(connection, author, order, "end", old, ())


def end_from_source(
    connection: Connection, author: Author, old: Mapping[str, Any], now: datetime, reason: str
) -> Receipt:
    """End an order because its source lists it no more."""
    order = dataclasses.replace(order_of(old), ends_at=max(now, old["begins_at"]), reason=reason)
    return write_order(connection, author, order, "end", old)


def list_orders(connection: Connection, at: datetime, *, with_past: bool = False) -> list[dict[str, Any]]:
    """How orders stand, the newest first: those that are not over at a moment, or all."""
    params = {"at": at, "with_past": with_past, "most": LISTED_MAX}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql("ingest", "read_orders"), params).fetchall()


def _repeat(connection: Connection, author: Author, client_id: Any) -> Receipt | None:
    if not isinstance(client_id, str):
        return None
    params = {"author_key_id": author.key_id or 0, "client_id": client_id.strip()}
    row = connection.execute(read_sql("ingest", "find_order_entry"), params).fetchone()
    return None if row is None else Receipt(row[0], row[1], True)


def _open(connection: Connection, author: Author, order_id: int, now: datetime) -> dict[str, Any]:
    """How an order stands that its author may still change."""
    with connection.cursor(row_factory=dict_row) as cursor:
        params = {"order_id": min(order_id, ORDER_ID_MAX)}
        old = cursor.execute(read_sql("ingest", "read_order"), params).fetchone()
    if old is None:
        raise NotFoundError(f"No order has the id {order_id}.", hint="See GET /ingest/orders.")
    if author.of is not None and old["author_of"] != author.of:
        raise AccessError(f"Order {order_id} is none of {author.of}.", hint="Its author or an admin ends it.")
    if old["ends_at"] is not None and old["ends_at"] <= now:
        raise ConflictError(f"Order {order_id} is over since {old['ends_at'].isoformat()}.", hint="Nothing to do.")
    return old


def order_of(old: Mapping[str, Any]) -> NewOrder:
    """A stored order, without its client_id."""
    return NewOrder(
        OrderKind(old["kind"]), None if old["restriction"] is None else Restriction(old["restriction"]),
        None if old["state"] is None else State(old["state"]), old["direction"], old["begins_at"], old["ends_at"],
        old["place"], None if old["geom"] is None else shapely.from_wkb(bytes(old["geom"])), old["reason"],
        old["is_reason_public"],
    )  # fmt: skip


def _as_given(old: Mapping[str, Any]) -> dict[str, Any]:
    """A stored order as a request would say it."""
    place = dict(old["place"])
    if old["geom"] is not None:
        place["geometry"] = shapely.geometry.mapping(shapely.from_wkb(bytes(old["geom"])))
        place = _lists(place)
    said = {name: old[name] for name in ("kind", "restriction", "state", "direction", "reason", "is_reason_public")}
    times = {n: old[n].isoformat() for n in ("begins_at", "ends_at") if old[n] is not None}
    return said | times | place


def _lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lists(item) for key, item in value.items()}
    return [_lists(item) for item in value] if isinstance(value, list | tuple) else value


def _without_place(given: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a change; a new place takes the old one's away."""
    return dict.fromkeys(old["place"]) | dict(given) if _has_place(given) else dict(given)


def _has_place(given: Mapping[str, Any]) -> bool:
    return any(given.get(name) is not None for name in PLACES)


def write_order(
    connection: Connection,
    author: Author,
    order: NewOrder,
    action: str,
    standing: Mapping[str, Any],
    warnings: tuple[str, ...] = (),
) -> Receipt:
    """Write an entry. `standing`: what an order keeps for good, and its order_id where it has one already."""
    row = connection.execute(read_sql("ingest", "take_entry_id")).fetchone()
    assert row is not None
    entry_id = int(row[0])
    order_id = int(standing.get("order_id", entry_id))
    params = {name: getattr(order, name) for name in COLUMNS} | {
        "entry_id": entry_id,
        "order_id": order_id,
        "action": action,
        "place": Jsonb(order.place),
        "geom": None if order.shape is None else shapely.to_wkb(order.shape),
        "author_key_id": author.key_id,
        "author": author.name,
    }
    params |= {name: standing[name] for name in ("author_of", "source_id", "external_id", "is_synthetic")}
    connection.execute(read_sql("ingest", "insert_order_entry"), params)
    return Receipt(order_id, entry_id, False, warnings)
