"""/ingest/orders: closures, corrections and publication stops of road managers, answered after their commit.

A worker lays an order and publishes it within a second; what was entered stands in raw whatever becomes of the worker.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import shapely
from fastapi import APIRouter, Security
from psycopg.types.json import Jsonb
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from geo.db import Role, read_sql
from geo.errors import InputError, NoKeyError, TooFastError, YukiError, http_status
from ingest.http import KEY, media_type
from ingest.http_order_docs import CHANGE, END, LIST, PLACE
from ingest.intake import Intake, intake_of
from ingest.json_fixes import parse_json
from ingest.keys import bearer, bounded, digest_of
from ingest.order_entry import read_order
from ingest.order_roads import Author
from ingest.orders import Connection, Receipt, author_of, change_order, end_order, list_orders, place_order
from ingest.quarantine import plain

router = APIRouter(prefix="/ingest/orders", tags=["orders"], dependencies=[Security(KEY)])

#: What of a refused order is kept in the audit log.
KEPT_CHARS = 2_000


async def _object(intake: Intake, request: Request) -> dict[str, Any]:
    """The JSON object of a request. Raises InputError, HTTPException 415."""
    data = await intake.bodies.read(request)
    kind = media_type(request)
    if kind != "application/json":
        raise HTTPException(415, f"Content-Type {kind[:60]!r} is not read; send application/json.")
    found = parse_json(intake.bodies.unpack(data, request.headers.get("content-encoding", "").strip().lower()), "body")
    if not isinstance(found, dict):
        raise InputError("body: expected an object.", hint="See docs/orders.md.")
    return found


def _author(connection: Connection, key: str) -> Author:
    row = connection.execute(read_sql("ingest", "find_order_key"), {"key_sha256": digest_of(key)}).fetchone()
    if row is None:
        raise NoKeyError("This key is not known, or it was revoked.", hint="Ask the operator for a key.")
    return author_of(*row)


def _key_id(connection: Connection, key: str) -> int | None:
    row = connection.execute(read_sql("ingest", "find_order_key"), {"key_sha256": digest_of(key)}).fetchone()
    return None if row is None else int(row[0])


def _in_database[T](intake: Intake, key: str, work: Callable[[Connection, Author], T]) -> T:
    with intake.database.connect(Role.INGEST) as connection:
        return work(connection, _author(connection, key))


def _note_refusal(intake: Intake, key: str, request: Request, given: Mapping[str, Any], error: YukiError) -> None:
    """Write a refusal into the audit log; a key that nobody knows leaves none, or everybody could fill the log."""
    with intake.database.connect(Role.INGEST) as connection:
        key_id = _key_id(connection, key)
        if key_id is None:
            return
        said = {name: str(value)[:KEPT_CHARS] for name, value in given.items()}
        detail = plain({"path": request.url.path, "status": http_status(error), "why": error.message, "given": said})
        connection.execute(read_sql("ingest", "audit_refused_order"), {"key_id": key_id, "detail": Jsonb(detail)})


@contextlib.asynccontextmanager
async def _one_of_few(intake: Intake, key: str) -> AsyncIterator[None]:
    intake.count_order(digest_of(key))
    if intake.order_room.locked():
        raise TooFastError("Too many orders are being written.", hint="Send again.", retry_after_s=1)
    async with intake.order_room, bounded():
        yield


async def _write(request: Request, work: Callable[[Connection, Author, dict[str, Any]], Receipt]) -> Response:
    """Write an entry beside the event loop, and answer after its commit."""
    intake, key = intake_of(request), bearer(request.headers.get("authorization"))
    given: dict[str, Any] = {}
    async with _one_of_few(intake, key):
        try:
            given = await _object(intake, request)
            receipt = await asyncio.to_thread(
                _in_database, intake, key, lambda connection, author: work(connection, author, given)
            )
        except YukiError as error:
            if not isinstance(error, NoKeyError) and http_status(error) < 500:
                await asyncio.to_thread(_note_refusal, intake, key, request, given, error)
            raise
    content: dict[str, Any] = {
        "order_id": receipt.order_id,
        "entry_id": receipt.entry_id,
        "is_repeat": receipt.is_repeat,
    }
    if receipt.warnings:
        content["warnings"] = list(receipt.warnings)
    return JSONResponse(content, headers={"Cache-Control": "no-store"})


@router.post("", openapi_extra=PLACE, response_class=JSONResponse)
async def post_order(request: Request) -> Response:
    """Close a road, restrict it, correct its state by hand, or stop publication."""
    intake = intake_of(request)

    def work(connection: Connection, author: Author, given: dict[str, Any]) -> Receipt:
        return place_order(connection, author, read_order(given, intake.clock(), intake.zone))

    return await _write(request, work)


@router.post("/{order_id:int}/change", openapi_extra=CHANGE, response_class=JSONResponse)
async def post_change(request: Request, order_id: int) -> Response:
    """Change an order: the fields that are sent, the others stay."""
    intake = intake_of(request)

    def work(connection: Connection, author: Author, given: dict[str, Any]) -> Receipt:
        return change_order(connection, author, order_id, given, intake.clock(), intake.zone)

    return await _write(request, work)


@router.post("/{order_id:int}/end", openapi_extra=END, response_class=JSONResponse)
async def post_end(request: Request, order_id: int) -> Response:
    """End an order now, or at a moment to come."""
    intake = intake_of(request)

    def work(connection: Connection, author: Author, given: dict[str, Any]) -> Receipt:
        return end_order(connection, author, order_id, given, intake.clock(), intake.zone)

    return await _write(request, work)


@router.get("", openapi_extra=LIST, response_class=JSONResponse)
async def get_orders(request: Request) -> Response:
    """Orders that are not over, the newest first; with `past=true` those that are over too."""
    unknown = set(request.query_params) - {"past"}
    if unknown:
        raise InputError(f"Parameter {sorted(unknown)[0][:60]!r} is not known.", hint="past=true")
    intake, key = intake_of(request), bearer(request.headers.get("authorization"))
    with_past = request.query_params.get("past", "false") == "true"

    def work(connection: Connection, author: Author) -> tuple[Author, list[dict[str, Any]]]:
        return author, list_orders(connection, intake.clock(), with_past=with_past)

    async with _one_of_few(intake, key):
        author, rows = await asyncio.to_thread(_in_database, intake, key, work)
    content = {"author": {"name": author.name, "of": author.of}, "orders": [_told(row, author) for row in rows]}
    return JSONResponse(content, headers={"Cache-Control": "no-store"})


def _told(row: Mapping[str, Any], author: Author) -> dict[str, Any]:
    """An order as a manager's page shows it; is_mine: this key may end it."""
    names = (
        "order_id", "kind", "restriction", "state", "direction", "place", "reason", "is_reason_public", "author",
        "author_of", "is_synthetic",
    )  # fmt: skip
    told = {name: row[name] for name in names}
    told |= {n: None if row[n] is None else row[n].isoformat() for n in ("begins_at", "ends_at", "recorded_at")}
    told["geometry"] = None if row["geom"] is None else shapely.geometry.mapping(shapely.from_wkb(bytes(row["geom"])))
    return told | {"is_mine": author.of is None or author.of == row["author_of"]}
