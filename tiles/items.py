"""Features of a collection: one bound SQL a page, put together from the catalogue's own names.

What a request may name (columns to filter, sort and show) is looked up in the catalogue; its values are bound. The text
of a page's SQL depends on the shape of the request alone, so that the database can keep its plan.
"""

from __future__ import annotations

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
from layers.catalogue import Collection, collections
from tiles.axes import Crs
from tiles.items_query import ItemsQuery
from tiles.items_source import Shape, Source, source_params
from tiles.keyset import after_sql, last_sql, order_sql, whole_order, write_cursor
from tiles.parameters import Order, value_of

if TYPE_CHECKING:  # tiles.service knows the caches of tiles, which are made of the SELECTs here
    from tiles.service import Connection


@dataclass(frozen=True, slots=True)
class Page:
    """A page of features.

    features   the inside of a JSON array, UTF-8
    n          how many they are
    cursor     where the next page begins; None: nothing follows
    n_matched  how many match in all, counted as far as was asked and one more; None: not counted
    """

    features: bytes
    n: int
    cursor: str | None
    n_matched: int | None = None


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


@dataclass(frozen=True, slots=True)
class _Form:
    """What a page looks like: its order with the id, where it begins in it, what it shows."""

    order: tuple[Order, ...]
    after: tuple[bool, ...] | None
    crs: Crs
    shown: tuple[str, ...]
    skips_geometry: bool = False


def _page_sql(source: Source, collection: Collection, form: _Form) -> sql.Composed:
    where = source.where
    if form.after is not None:
        where = sql.SQL("{} AND {}").format(where, after_sql(form.order, form.after))
    lines = read_sql("tiles", "items").split("\n")
    return sql.SQL("\n".join(line for line in lines if not line.startswith("--"))).format(
        source=source.select,
        where=where,
        selected=source.where,
        order=order_sql(form.order, collection),
        id=sql.Identifier(collection.id_column),
        geometry=_geometry(form.crs, is_skipped=form.skips_geometry),
        properties=_properties(collection, form.shown),
        last=last_sql(form.order),
    )


@lru_cache(maxsize=512)
def _page_text(collection_id: str, layers: tuple[str, ...], shape: Shape, form: _Form) -> str:
    """The text of a page's SQL. layers: the reference layers beside the fixed collections, if it is one of them."""
    collection = collections(layers)[collection_id]
    return _page_sql(Source(shape, None, {}), collection, form).as_string(None)


def _statement(source: Source, collection: Collection, form: _Form) -> str:
    if source.condition is not None:
        return _page_sql(source, collection, form).as_string(None)
    layers = (collection.collection_id,) if collection.source == "reference" else ()
    return _page_text(collection.collection_id, layers, source.shape, form)


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


async def read_page(
    connection: Connection, collection: Collection, query: ItemsQuery, source: Source, counts_to: int = 0
) -> Page:
    """The page that a request asks for; source: as source_of gives it. counts_to: how far to count what matches, where
    the page does not tell it by itself."""
    order = whole_order(query.order, collection)
    after = query.cursor.values if query.cursor is not None else ()
    values = source.values | {
        "limit": Int8(query.limit), "offset": Int8(query.offset or 0), "n_decimals": query.crs.n_decimals,
        "counts_to": Int8(counts_to), "is_far": bool(query.offset or query.cursor is not None),
    }  # fmt: skip
    values |= {f"after{i}": value for i, value in enumerate(after) if value is not None}
    nulls = tuple(value is None for value in after) if query.cursor is not None else None
    form = _Form(order, nulls, query.crs, query.shown, query.skips_geometry)
    statement = _statement(source, collection, form)
    row = await _ask(connection, statement, values, is_free=source.condition is not None)
    n_found, features, last, n_matched = row
    cursor = write_cursor(order, last) if last is not None else None
    return Page(features or b"", min(n_found, query.limit), cursor, n_matched)


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
    values = source_params(collection, moment) | dict(scope) | {"value0": value}
    source = Source(Shape(collection.source, None, None, ((column.name, False),)), None, values)
    statement = _statement(source, collection, _Form(whole_order((), collection), None, crs, collection.names))
    values |= {"limit": Int8(1), "offset": Int8(0), "n_decimals": crs.n_decimals, "counts_to": Int8(0), "is_far": False}
    row = await _ask(connection, statement, values, is_free=False)
    if row[1] is None:
        raise missing
    return bytes(row[1])
