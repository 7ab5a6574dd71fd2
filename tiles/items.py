"""Features of a collection: one bound SQL a page, put together from the catalogue's own names.

What a request may name (columns to filter, sort and show) is looked up in the catalogue; its values are bound.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import sql
from starlette.datastructures import QueryParams

from geo.db import read_sql
from geo.errors import InputError, MappingError, NotFoundError
from geo.vocabulary import State
from layers.catalogue import Collection
from tiles.axes import CRS84, Crs, crs_of, envelope
from tiles.parameters import (
    Interval,
    Order,
    Value,
    bbox,
    interval,
    one_of,
    refuse_unknown,
    sort_keys,
    value_of,
    whole,
)
from tiles.service import Connection

#: Largest |x|, |y| of a box in each CRS: the sphere of 3857; 6675 is not defined far from its meridian.
REACH = {4326: (360, 90), 6668: (360, 90), 3857: (20_037_509, 20_048_967), 6675: (3_000_000, 3_000_000)}
#: Features of a page that names no limit, and the most that a page holds.
LIMIT_DEFAULT = 100
LIMIT_MAX = 10_000
#: numberMatched is exact up to here; above it is left out, which the standard allows.
COUNT_MAX = 200_000
FORMATS = ("json", "html")
COMMON = ("f", "lang")
PAGING = (
    *COMMON, "limit", "offset", "bbox", "bbox-crs", "crs", "datetime", "sortby", "properties", "skipGeometry",
)  # fmt: skip
STATE_JA = json.dumps({state.value: state.ja for state in State}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class ItemsQuery:
    """What a request for items asks, checked. `box` is west, south, east, north in the CRS `box_crs`."""

    limit: int
    offset: int
    crs: Crs
    box: tuple[float, float, float, float] | None
    box_crs: Crs
    during: Interval | None
    filters: tuple[tuple[str, Value], ...]
    order: tuple[Order, ...]
    shown: tuple[str, ...]
    skips_geometry: bool


def _box(params: QueryParams) -> tuple[tuple[float, float, float, float] | None, Crs]:
    crs = crs_of("bbox-crs", params.get("bbox-crs", CRS84))
    if "bbox" not in params:
        if "bbox-crs" in params:
            raise InputError("Parameter bbox-crs: it stands without bbox.", hint="Give both or none.")
        return None, crs
    west, south, east, north = envelope(crs, bbox(params["bbox"]))
    if south > north or (west > east and crs.srid not in (4326, 6668)):
        raise InputError(f"Parameter bbox: {params['bbox']!r} ends before it begins.")
    x_max, y_max = REACH[crs.srid]
    if max(abs(west), abs(east)) > x_max or max(abs(south), abs(north)) > y_max:
        raise InputError(f"Parameter bbox: {params['bbox']!r} lies outside {crs.uri}.")
    return (west, south, east, north), crs


def _shown(params: QueryParams, collection: Collection) -> tuple[str, ...]:
    columns = tuple(column.name for column in collection.columns)
    if "properties" not in params:
        return columns
    asked = set(params["properties"].split(","))
    if not asked <= set(columns):
        missing = ", ".join(sorted(asked - set(columns)))
        raise MappingError(f"Parameter properties: no property {missing!r}.", hint=f"Use {', '.join(columns)}.")
    return tuple(name for name in columns if name in asked or name == "synthetic")


def read_query(params: QueryParams, collection: Collection) -> ItemsQuery:
    """Check the parameters of an items request. Raises InputError naming the parameter."""
    names = [column.name for column in collection.columns]
    refuse_unknown(params, [*PAGING, *names])
    box, box_crs = _box(params)
    return ItemsQuery(
        limit=min(whole(params, "limit", LIMIT_DEFAULT, 1), LIMIT_MAX),
        offset=whole(params, "offset", 0, 0),
        crs=crs_of("crs", params.get("crs", CRS84)),
        box=box,
        box_crs=box_crs,
        during=interval(params["datetime"]) if "datetime" in params else None,
        filters=tuple((c.name, value_of(c, params[c.name])) for c in collection.columns if c.name in params),
        order=sort_keys(params["sortby"], names) if "sortby" in params else (),
        shown=_shown(params, collection),
        skips_geometry=one_of(params, "skipGeometry", ("true", "false"), "false") == "true",
    )


def source_params(collection: Collection, moment: datetime) -> dict[str, Any]:
    """Parameters of a collection's own SELECT."""
    return {"as_of": moment, "state_ja": STATE_JA, "layer": collection.collection_id}


def _source(collection: Collection) -> sql.SQL:
    return sql.SQL(read_sql("layers", f"collections/{collection.source}"))


def _box_filter(query: ItemsQuery, params: dict[str, Any]) -> sql.Composable:
    """Features that meet the box; one that crosses the antimeridian is two boxes (OGC 17-069r4 §7.15.3)."""
    assert query.box is not None
    west, south, east, north = query.box
    spans = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    parts = []
    for i, (left, right) in enumerate(spans):
        params |= {f"west{i}": left, f"south{i}": south, f"east{i}": right, f"north{i}": north}
        params["box_srid"] = query.box_crs.srid
        names = [sql.Placeholder(f"{side}{i}") for side in ("west", "south", "east", "north")]
        box = sql.SQL("ST_Transform(ST_MakeEnvelope({}, {}, {}, {}, {}), 4326)").format(
            *names, sql.Placeholder("box_srid")
        )
        parts.append(sql.SQL("(s.geom && {0} AND ST_Intersects(s.geom, {0}))").format(box))
    return sql.SQL("({})").format(sql.SQL(" OR ").join(parts))


def _where(query: ItemsQuery, collection: Collection, params: dict[str, Any]) -> sql.Composable:
    parts: list[sql.Composable] = [sql.SQL("true")]
    if query.box is not None:
        parts.append(_box_filter(query, params))
    if query.during is not None and collection.time is not None:
        params["begin"], params["end"] = query.during
        begin, end = (sql.SQL("{}").format(sql.Identifier("s", name)) for name in collection.time)
        if collection.time[0] != collection.time[1]:
            end = sql.SQL("coalesce({}, 'infinity')").format(end)  # what has no end yet goes on
        parts.append(sql.SQL("({} >= %(begin)s OR %(begin)s::timestamptz IS NULL)").format(end))
        parts.append(sql.SQL("({} <= %(end)s OR %(end)s::timestamptz IS NULL)").format(begin))
    for i, (name, value) in enumerate(query.filters):
        params[f"value{i}"] = value
        # as numeric, so that 0.97 finds a real 0.97
        equal = sql.SQL("{}::numeric = {}::numeric") if isinstance(value, float) else sql.SQL("{} = {}")
        parts.append(equal.format(sql.Identifier("s", name), sql.Placeholder(f"value{i}")))
    return sql.SQL(" AND ").join(parts)


def _geometry(crs: Crs, *, is_skipped: bool = False) -> sql.Composable:
    if is_skipped:
        return sql.SQL("NULL::geometry")
    geometry: sql.Composable = sql.SQL("page.geom")
    if crs.srid != 4326:
        geometry = sql.SQL("ST_Transform({}, {})").format(geometry, sql.Literal(crs.srid))
    return sql.SQL("ST_FlipCoordinates({})").format(geometry) if crs.is_north_first else geometry


def _properties(collection: Collection, shown: tuple[str, ...]) -> sql.Composable:
    picked = sql.SQL(", ").join(sql.Identifier("page", name) for name in shown)
    row = sql.SQL("(SELECT row_to_json(r) FROM (SELECT {}) AS r)").format(picked)
    if collection.has_attributes:  # ours win over an attribute of the same name
        return sql.SQL("(page.attributes || {}::jsonb)::text").format(row)
    return sql.SQL("{}::text").format(row)


def _statement(
    collection: Collection, where: sql.Composable, crs: Crs, shown: tuple[str, ...],
    order: tuple[Order, ...] = (), *, skips_geometry: bool = False,
) -> sql.Composed:  # fmt: skip
    direction = {True: sql.SQL(" DESC NULLS LAST"), False: sql.SQL(" NULLS LAST")}
    keys: list[sql.Composable] = [sql.Identifier(key.column) + direction[key.is_descending] for key in order]
    return sql.SQL(read_sql("tiles", "items")).format(
        source=_source(collection),
        where=where,
        order=sql.SQL(", ").join([*keys, sql.Identifier(collection.id_column)]),
        id=sql.Identifier(collection.id_column),
        geometry=_geometry(crs, is_skipped=skips_geometry),
        properties=_properties(collection, shown),
    )


async def read_items(
    connection: Connection, collection: Collection, query: ItemsQuery, moment: datetime, scope: Mapping[str, object]
) -> tuple[list[str], int | None]:
    """(features as GeoJSON text, how many match in all or None above COUNT_MAX). scope: Caller.scope_params."""
    params = source_params(collection, moment) | dict(scope)
    where = _where(query, collection, params)
    page = {"limit": query.limit, "offset": query.offset, "n_decimals": query.crs.n_decimals}
    statement = _statement(collection, where, query.crs, query.shown, query.order, skips_geometry=query.skips_geometry)
    rows = await (await connection.execute(statement, params | page)).fetchall()
    features = [row[0] for row in rows]
    if (features or query.offset == 0) and len(features) < query.limit:
        return features, query.offset + len(features)
    count = sql.SQL(read_sql("tiles", "items_count")).format(source=_source(collection), where=where)
    row = await (await connection.execute(count, params | {"most": COUNT_MAX})).fetchone()
    assert row is not None
    return features, row[0] if row[0] <= COUNT_MAX else None


async def read_item(
    connection: Connection,
    collection: Collection,
    item_id: str,
    crs: Crs,
    moment: datetime,
    scope: Mapping[str, object],
) -> str:
    """One feature as GeoJSON text. Raises NotFoundError, for one that the scope does not reach too."""
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
    params = source_params(collection, moment) | dict(scope) | {"value0": value, "limit": 1, "offset": 0}
    shown = tuple(c.name for c in collection.columns)
    statement = _statement(collection, where, crs, shown)
    row = await (await connection.execute(statement, params | {"n_decimals": crs.n_decimals})).fetchone()
    if row is None:
        raise missing
    return str(row[0])
