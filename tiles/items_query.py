"""What a request for items asks, every part of it checked before the database hears of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.datastructures import QueryParams

from geo.errors import InputError, MappingError
from layers.catalogue import Collection
from tiles.axes import CRS84, GEOGRAPHIC, REACH, Crs, crs_of, envelope
from tiles.cql2_sql import LANGUAGES as FILTER_LANGUAGES
from tiles.cql2_sql import Condition, read_filter
from tiles.keyset import Cursor, read_cursor, whole_order
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

#: Features of a page that names no limit, and the most that a page holds.
LIMIT_DEFAULT = 100
LIMIT_MAX = 10_000
#: What is left out is read all the same; whoever goes deeper follows `next` links, which cost the same at any depth.
OFFSET_MAX = 1_000_000
FORMATS = ("json", "html")
COMMON = ("f", "lang")
PAGING = (
    *COMMON, "limit", "offset", "cursor", "bbox", "bbox-crs", "crs", "datetime", "filter", "filter-lang", "filter-crs",
    "sortby", "properties", "skipGeometry",
)  # fmt: skip
PAGING_NAMES = frozenset(PAGING)


@dataclass(frozen=True, slots=True)
class ItemsQuery:
    """What a request for items asks, checked.

    offset   None: not asked for, pages go on by cursor
    order    as sortby has it; whole_order adds the id
    box      west, south, east, north in the CRS `box_crs`
    past     the moment in the past that is asked for, of a collection that has one; `during` is None then
    """

    limit: int
    offset: int | None
    cursor: Cursor | None
    crs: Crs
    box: tuple[float, float, float, float] | None
    box_crs: Crs
    during: Interval | None
    past: datetime | None
    filters: tuple[tuple[str, Value], ...]
    condition: Condition | None
    order: tuple[Order, ...]
    shown: tuple[str, ...]
    skips_geometry: bool

    @property
    def is_whole(self) -> bool:
        """Whether every feature of the collection matches."""
        return self.box is None and self.during is None and not self.filters and self.condition is None


def _box(params: Mapping[str, str]) -> tuple[tuple[float, float, float, float] | None, Crs]:
    crs = crs_of("bbox-crs", params.get("bbox-crs", CRS84))
    if "bbox" not in params:
        if "bbox-crs" in params:
            raise InputError("Parameter bbox-crs: it stands without bbox.", hint="Give both or none.")
        return None, crs
    west, south, east, north = envelope(crs, bbox(params["bbox"]))
    if south > north or (west > east and crs.srid not in GEOGRAPHIC):
        raise InputError(f"Parameter bbox: {params['bbox']!r} ends before it begins.")
    x_max, y_max = REACH[crs.srid]
    if max(abs(west), abs(east)) > x_max or max(abs(south), abs(north)) > y_max:
        raise InputError(f"Parameter bbox: {params['bbox']!r} lies outside {crs.uri}.")
    return (west, south, east, north), crs


def _shown(params: Mapping[str, str], collection: Collection) -> tuple[str, ...]:
    if "properties" not in params:
        return collection.names
    asked = set(params["properties"].split(","))
    if not asked <= set(collection.names):
        missing = ", ".join(sorted(asked - set(collection.names)))
        hint = f"Use {', '.join(collection.names)}."
        raise MappingError(f"Parameter properties: no property {missing!r}.", hint=hint)
    return tuple(name for name in collection.names if name in asked or name == "synthetic")


def _condition(params: Mapping[str, str], collection: Collection) -> Condition | None:
    language = one_of(params, "filter-lang", FILTER_LANGUAGES, FILTER_LANGUAGES[0])
    crs = crs_of("filter-crs", params.get("filter-crs", CRS84))
    if "filter" in params:
        return read_filter(params["filter"], language, collection, crs)
    for name in ("filter-lang", "filter-crs"):
        if name in params:
            raise InputError(f"Parameter {name}: it stands without filter.", hint="Give both or none.")
    return None


def _when(params: Mapping[str, str], collection: Collection, now: datetime) -> tuple[Interval | None, datetime | None]:
    """(interval to filter by, moment in the past to answer for). Of a collection with a past, a moment, day or interval
    that ends before now asks for the state at its end."""
    if "datetime" not in params:
        return None, None
    begin, end = interval(params["datetime"])
    if collection.past_source is not None and end is not None and end < now:
        return None, end
    return (begin, end), None


def _place(
    params: Mapping[str, str], collection: Collection, order: tuple[Order, ...]
) -> tuple[int, int | None, Cursor | None]:
    limit = min(whole(params, "limit", LIMIT_DEFAULT, 1), LIMIT_MAX)
    offset = whole(params, "offset", 0, 0) if "offset" in params else None
    if offset is not None and offset > OFFSET_MAX:
        raise InputError(
            f"Parameter offset: {offset} is more than {OFFSET_MAX}.",
            hint="Ask without offset and follow the next links; they lead as far as there is anything.",
        )
    if "cursor" not in params:
        return limit, offset, None
    if offset is not None:
        raise InputError("Parameter cursor: it stands beside offset.", hint="Give one of them.")
    return limit, None, read_cursor(params["cursor"], whole_order(order, collection), collection)


def read_query(asked: QueryParams, collection: Collection, now: datetime) -> ItemsQuery:
    """Check the parameters of an items request. Raises InputError naming the parameter."""
    if not asked.keys() <= PAGING_NAMES or len(asked.multi_items()) > len(asked):
        refuse_unknown(asked, PAGING, collection.names)
    params = dict(asked)
    box, box_crs = _box(params)
    during, past = _when(params, collection, now)
    order = sort_keys(params["sortby"], collection.names) if "sortby" in params else ()
    limit, offset, cursor = _place(params, collection, order)
    named = [column for name in params if name not in PAGING_NAMES and (column := collection.column(name)) is not None]
    return ItemsQuery(
        limit=limit,
        offset=offset,
        cursor=cursor,
        crs=crs_of("crs", params.get("crs", CRS84)),
        box=box,
        box_crs=box_crs,
        during=during if collection.time is not None else None,
        past=past,
        filters=tuple((column.name, value_of(column, params[column.name])) for column in named),
        condition=_condition(params, collection),
        order=order,
        shown=_shown(params, collection),
        skips_geometry=one_of(params, "skipGeometry", ("true", "false"), "false") == "true",
    )
