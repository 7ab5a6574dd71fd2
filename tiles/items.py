"""Features of a collection: one bound SQL a page, put together from the catalogue's own names.

What a request may name (columns to filter, sort and show) is looked up in the catalogue; its values are bound. The text
of a page's SQL depends on the shape of the request alone, so that the database can keep its plan.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.types.numeric import Int8

from geo.db import read_sql
from geo.errors import InputError, NotFoundError
from geo.vocabulary import State
from layers.catalogue import Collection
from tiles.axes import Crs
from tiles.cql2_geometry import PIECES
from tiles.items_query import ItemsQuery
from tiles.keyset import after_sql, last_sql, order_sql, whole_order, write_cursor
from tiles.parameters import Order, value_of

if TYPE_CHECKING:  # tiles.service knows the caches of tiles, which are made of the SELECTs here
    from tiles.service import Connection

STATE_JA = json.dumps({state.value: state.ja for state in State}, ensure_ascii=False)
SIDES = ("west", "south", "east", "north")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of features.

    features   the inside of a JSON array, UTF-8
    n          how many they are
    cursor     where the next page begins; None: nothing follows
    """

    features: bytes
    n: int
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """The rows that a request is about: SELECT, condition, and the values of both."""

    select: sql.Composable
    where: sql.Composable
    values: dict[str, Any]


def source_params(collection: Collection, moment: datetime) -> dict[str, Any]:
    """Parameters of a collection's own SELECT."""
    return {"as_of": moment, "state_ja": STATE_JA, "layer": collection.collection_id}


@lru_cache(maxsize=64)
def _select(name: str) -> sql.SQL:
    """A collection's SELECT, without its comments."""
    lines = read_sql("layers", f"collections/{name}").split("\n")
    return sql.SQL("\n".join(line for line in lines if not line.lstrip().startswith("--")))


@lru_cache(maxsize=64)
def _box_sql(n_boxes: int, srid: int) -> sql.Composable:
    """Features that meet the box; one that crosses the antimeridian is two boxes (OGC 17-069r4 §7.15.3). A side of a
    plane CRS is bent in degrees, so it is cut into pieces first; sides of 3857 and 6668 stay parallel to the axes."""
    parts = []
    for i in range(n_boxes):
        names = [sql.Placeholder(f"{side}{i}") for side in SIDES]
        box: sql.Composable = sql.SQL("ST_MakeEnvelope({}, {}, {}, {}, {})").format(*names, sql.Literal(srid))
        if srid == 6675:
            box = sql.SQL("ST_Segmentize({}, %(step)s)").format(box)
        if srid != 4326:
            box = sql.SQL("ST_Transform({}, 4326)").format(box)
        parts.append(sql.SQL("ST_Intersects(s.geom, {})").format(box))
    return sql.SQL("({})").format(sql.SQL(" OR ").join(parts))


def _box_values(query: ItemsQuery) -> tuple[sql.Composable, dict[str, Any]]:
    assert query.box is not None
    west, south, east, north = query.box
    boxes = [query.box] if west <= east else [(west, south, 180.0, north), (-180.0, south, east, north)]
    values = {f"{side}{i}": float(v) for i, box in enumerate(boxes) for side, v in zip(SIDES, box, strict=True)}
    if query.box_crs.srid == 6675:
        values["step"] = max(max(east - west, north - south) / PIECES, 1.0)
    return _box_sql(len(boxes), query.box_crs.srid), values


def _during_sql(time: tuple[str, str]) -> sql.Composable:
    begin, end = (sql.SQL("{}").format(sql.Identifier("s", name)) for name in time)
    if time[0] != time[1]:
        end = sql.SQL("coalesce({}, 'infinity')").format(end)  # what has no end yet goes on
    return sql.SQL(
        "({} >= %(begin)s::timestamptz OR %(begin)s::timestamptz IS NULL) "
        "AND ({} <= %(end)s::timestamptz OR %(end)s::timestamptz IS NULL)"
    ).format(end, begin)


def source_of(
    query: ItemsQuery, collection: Collection, moment: datetime, scope: Mapping[str, object]
) -> Source:  # fmt: skip
    """The rows that match, pages aside. scope: Caller.scope_params."""
    values = source_params(collection, query.past or moment) | dict(scope)
    parts: list[sql.Composable] = []
    if query.box is not None:
        box, box_values = _box_values(query)
        parts.append(box)
        values |= box_values
    if query.during is not None and collection.time is not None:
        values["begin"], values["end"] = query.during
        parts.append(_during_sql(collection.time))
    for i, (name, value) in enumerate(query.filters):
        values[f"value{i}"] = value
        # as numeric, so that 0.97 finds a real 0.97
        equal = sql.SQL("{}::numeric = {}::numeric") if isinstance(value, float) else sql.SQL("{} = {}")
        parts.append(equal.format(sql.Identifier("s", name), sql.Placeholder(f"value{i}")))
    if query.condition is not None:
        parts.append(query.condition.sql)
        values |= query.condition.values
    name = collection.past_source if query.past is not None and collection.past_source else collection.source
    return Source(_select(name), sql.SQL(" AND ").join(parts or [sql.SQL("true")]), values)


def _geometry(crs: Crs, *, is_skipped: bool = False) -> sql.Composable:
    if is_skipped:
        return sql.SQL("NULL::geometry")
    geometry: sql.Composable = sql.SQL("page.geom")
    if crs.srid != 4326:
        geometry = sql.SQL("ST_Transform({}, {})").format(geometry, sql.Literal(crs.srid))
    return sql.SQL("ST_FlipCoordinates({})").format(geometry) if crs.is_north_first else geometry


def _value(collection: Collection, name: str) -> sql.Composable:
    """A column as JSON gets it. A number that may have decimals always has one: GDAL and QGIS take the type of a column
    from the first features, and from a whole number there on they would cut 0.97 to 0."""
    column, held = collection.column(name), sql.Identifier("page", name)
    if column is None or column.kind != "number":
        return held
    return sql.SQL("{}::text::numeric + 0.0 AS {}").format(held, sql.Identifier(name))


def _properties(collection: Collection, shown: tuple[str, ...]) -> sql.Composable:
    picked = sql.SQL(", ").join(_value(collection, name) for name in shown)
    row = sql.SQL("(SELECT row_to_json(r) FROM (SELECT {}) AS r)").format(picked)
    if collection.has_attributes:  # ours win over an attribute of the same name
        return sql.SQL("(page.attributes || {}::jsonb)::text").format(row)
    return sql.SQL("{}::text").format(row)


def _page_sql(
    source: Source, where: sql.Composable, collection: Collection, crs: Crs, shown: tuple[str, ...],
    order: tuple[Order, ...], *, skips_geometry: bool = False,
) -> sql.Composed:  # fmt: skip
    return sql.SQL(_template()).format(
        source=source.select,
        where=where,
        order=order_sql(order, collection),
        id=sql.Identifier(collection.id_column),
        geometry=_geometry(crs, is_skipped=skips_geometry),
        properties=_properties(collection, shown),
        last=last_sql(order),
    )


@lru_cache(maxsize=1)
def _template() -> Any:
    lines = read_sql("tiles", "items").split("\n")
    return "\n".join(line for line in lines if not line.startswith("--"))


async def _ask(connection: Connection, statement: Any, values: dict[str, Any], *, is_free: bool) -> tuple[Any, ...]:
    """The one row of a statement. is_free: its text is the client's own filter, so it is planned for its values and
    kept by nobody, and what the database cannot do with it is the filter's fault."""
    try:
        async with connection.cursor(binary=True) as cursor:
            await cursor.execute(statement, values, prepare=False if is_free else None)
            row = await cursor.fetchone()
    except (psycopg.DataError, psycopg.errors.InternalError_) as error:
        if not is_free:
            raise
        raise InputError(f"Parameter filter: {str(error).split(chr(10))[0][:200]}.") from error
    assert row is not None
    return row


async def read_page(connection: Connection, collection: Collection, query: ItemsQuery, source: Source) -> Page:
    """The page that a request asks for; source: as source_of gives it."""
    order = whole_order(query.order, collection)
    values = source.values | {
        "limit": Int8(query.limit), "offset": Int8(query.offset or 0), "n_decimals": query.crs.n_decimals,
    }  # fmt: skip
    where = source.where
    if query.cursor is not None:
        values |= {f"after{i}": value for i, value in enumerate(query.cursor.values) if value is not None}
        after = after_sql(order, tuple(value is None for value in query.cursor.values))
        where = sql.SQL("{} AND {}").format(where, after)
    statement = _page_sql(source, where, collection, query.crs, query.shown, order, skips_geometry=query.skips_geometry)
    n_found, features, last = await _ask(connection, statement, values, is_free=query.condition is not None)
    cursor = write_cursor(order, last) if last is not None else None
    return Page(features or b"", min(n_found, query.limit), cursor)


async def read_item(
    connection: Connection,
    collection: Collection,
    item_id: str,
    crs: Crs,
    moment: datetime,
    scope: Mapping[str, object],
) -> bytes:
    """One feature as GeoJSON. Raises NotFoundError, for one that the scope does not reach too."""
    column = collection.columns[0]
    missing = NotFoundError(
        f"No feature {item_id[:80]!r} in the collection {collection.collection_id}.",
        hint="Ids hold for the present network version; look under items.",
    )
    try:
        value = value_of(column, item_id)
    except InputError as error:
        raise missing from error
    where = sql.SQL("{} = %(value0)s").format(sql.Identifier("s", column.name))
    values = source_params(collection, moment) | dict(scope) | {"value0": value}
    source = Source(_select(collection.source), where, values)
    statement = _page_sql(source, where, collection, crs, collection.names, whole_order((), collection))
    values |= {"limit": Int8(1), "offset": Int8(0), "n_decimals": crs.n_decimals}
    _, feature, _ = await _ask(connection, statement, values, is_free=False)
    if feature is None:
        raise missing
    return bytes(feature)
