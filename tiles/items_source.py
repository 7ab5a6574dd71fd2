"""The rows that a request for items is about: a collection's SELECT and the condition on it.

The text of a condition depends on the shape of the request alone; its values are bound.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from psycopg import sql

from geo.db import read_sql
from geo.vocabulary import State
from layers.catalogue import Collection
from tiles.cql2_geometry import PIECES
from tiles.items_query import ItemsQuery

STATE_JA = json.dumps({state.value: state.ja for state in State}, ensure_ascii=False)
SIDES = ("west", "south", "east", "north")
#: Types of geometries with an SRID in extended WKB (PostGIS: doc/ZMSgeoms.txt).
EWKB_POINT, EWKB_LINE, EWKB_POLYGON = 0x20000001, 0x20000002, 0x20000003
#: Two steps of a float of 32 bits between 256 and 512, in which PostGIS keeps the box of a feature.
BLUR_DEG = 6.2e-5


@dataclass(frozen=True, slots=True)
class Shape:
    """What the text of a condition depends on: names and numbers of parts, and no value.

    select    name of the SELECT
    boxes     how many boxes, and their SRID; None: no box
    filters   properties, and whether the value is a float
    """

    select: str
    boxes: tuple[int, int] | None
    during: tuple[str, str] | None
    filters: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Source:
    """The rows that a request is about. condition: the client's own filter, or None."""

    shape: Shape
    condition: sql.Composable | None
    values: dict[str, Any]

    @property
    def select(self) -> sql.SQL:
        """The collection's SELECT."""
        return _select(self.shape.select)

    @property
    def where(self) -> sql.Composable:
        """The condition on its rows `s`."""
        where = _where(self.shape)
        return where if self.condition is None else sql.SQL("{} AND {}").format(where, self.condition)


def source_params(collection: Collection, moment: datetime) -> dict[str, Any]:
    """Parameters of a collection's own SELECT."""
    return {"as_of": moment, "state_ja": STATE_JA, "layer": collection.collection_id}


@lru_cache(maxsize=64)
def _select(name: str) -> sql.SQL:
    """A collection's SELECT, without its comments."""
    lines = read_sql("layers", f"collections/{name}").split("\n")
    return sql.SQL("\n".join(line for line in lines if not line.lstrip().startswith("--")))


def _box_sql(n_boxes: int, srid: int) -> sql.Composable:
    """Features that meet the box; one that crosses the antimeridian is two boxes (OGC 17-069r4 §7.15.3). A side of a
    plane CRS is bent in degrees, so it is cut into pieces first; sides of 3857 and 6668 stay parallel to the axes.

    A box of CRS84 or EPSG:4326 is sent as a geometry, so that no function makes it anew for each row; what lies within
    it by its own box is not looked at closer.
    """
    parts = []
    for i in range(n_boxes):
        if srid == 4326:
            box, inner = (sql.SQL("{}::geometry").format(sql.Placeholder(f"{name}{i}")) for name in ("box", "inner"))
            meets = sql.SQL("(s.geom && {0} AND (s.geom @ {1} OR ST_Intersects(s.geom, {0})))").format(box, inner)
        else:
            names = [sql.Placeholder(f"{side}{i}") for side in SIDES]
            made: sql.Composable = sql.SQL("ST_MakeEnvelope({}, {}, {}, {}, {})").format(*names, sql.Literal(srid))
            made = sql.SQL("ST_Envelope({})").format(made)  # without width a line or a point
            if srid == 6675:
                made = sql.SQL("ST_Segmentize({}, %(step)s)").format(made)
            meets = sql.SQL("ST_Intersects(s.geom, ST_Transform({}, 4326))").format(made)
        parts.append(meets)
    return sql.SQL("({})").format(sql.SQL(" OR ").join(parts))


def _ewkb(west: float, south: float, east: float, north: float) -> str:
    """A box of EPSG:4326 in PostGIS' own hexadecimal form: a polygon, or without width or height a line or a point."""
    if west == east and south == north:
        return struct.pack("<BII2d", 1, EWKB_POINT, 4326, west, south).hex()
    if west == east or south == north:
        return struct.pack("<BIII4d", 1, EWKB_LINE, 4326, 2, west, south, east, north).hex()
    ring = (west, south, west, north, east, north, east, south, west, south)
    return struct.pack("<BIIII10d", 1, EWKB_POLYGON, 4326, 1, 5, *ring).hex()


def _inner(west: float, south: float, east: float, north: float) -> str:
    """The box less its edge, which PostGIS' boxes of 32 bits blur, as `_ewkb`; an empty polygon: nothing is left."""
    if min(east - west, north - south) <= 2 * BLUR_DEG:
        return struct.pack("<BIII", 1, EWKB_POLYGON, 4326, 0).hex()
    return _ewkb(west + BLUR_DEG, south + BLUR_DEG, east - BLUR_DEG, north - BLUR_DEG)


def _box_values(query: ItemsQuery) -> tuple[int, dict[str, Any]]:
    """(number of boxes, their values)."""
    if query.box is None:
        return 0, {}
    west, south, east, north = query.box
    boxes = [query.box] if west <= east else [(west, south, 180.0, north), (-180.0, south, east, north)]
    values: dict[str, Any] = {}
    for i, box in enumerate(boxes):
        if query.box_crs.srid == 4326:
            values |= {f"box{i}": _ewkb(*box), f"inner{i}": _inner(*box)}
        else:
            values |= {f"{side}{i}": float(value) for side, value in zip(SIDES, box, strict=True)}
    if query.box_crs.srid == 6675:
        values["step"] = max(max(east - west, north - south) / PIECES, 1.0)
    return len(boxes), values


def _during_sql(time: tuple[str, str]) -> sql.Composable:
    begin, end = (sql.SQL("{}").format(sql.Identifier("s", name)) for name in time)
    if time[0] != time[1]:
        end = sql.SQL("coalesce({}, 'infinity')").format(end)  # what has no end yet goes on
    return sql.SQL(
        "({} >= %(begin)s::timestamptz OR %(begin)s::timestamptz IS NULL) "
        "AND ({} <= %(end)s::timestamptz OR %(end)s::timestamptz IS NULL)"
    ).format(end, begin)


@lru_cache(maxsize=512)
def _where(shape: Shape) -> sql.Composable:
    parts: list[sql.Composable] = []
    if shape.boxes is not None:
        parts.append(_box_sql(*shape.boxes))
    if shape.during is not None:
        parts.append(_during_sql(shape.during))
    for i, (name, is_float) in enumerate(shape.filters):
        # as numeric, so that 0.97 finds a real 0.97
        equal = sql.SQL("{}::numeric = {}::numeric") if is_float else sql.SQL("{} = {}")
        parts.append(equal.format(sql.Identifier("s", name), sql.Placeholder(f"value{i}")))
    return sql.SQL(" AND ").join(parts or [sql.SQL("true")])


def source_of(query: ItemsQuery, collection: Collection, moment: datetime, scope: Mapping[str, object]) -> Source:
    """The rows that match, pages aside. scope: Caller.scope_params."""
    n_boxes, box_values = _box_values(query)
    values = source_params(collection, query.past or moment) | dict(scope) | box_values
    if query.during is not None:
        values["begin"], values["end"] = query.during
    values |= {f"value{i}": value for i, (_, value) in enumerate(query.filters)}
    if query.condition is not None:
        values |= query.condition.values
    shape = Shape(
        select=collection.past_source if query.past is not None and collection.past_source else collection.source,
        boxes=(n_boxes, query.box_crs.srid) if n_boxes else None,
        during=collection.time if query.during is not None else None,
        filters=tuple((name, isinstance(value, float)) for name, value in query.filters),
    )
    return Source(shape, query.condition.sql if query.condition is not None else None, values)
