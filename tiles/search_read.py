"""Reading what is searched: the published names, and the road nearest to a point."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from psycopg.rows import dict_row

from geo.db import read_sql
from geo.place_names import parse_route
from tiles.search_names import Builder, Names, Point, Row, route_of
from tiles.service import Connection, Service

type Rows = Sequence[dict[str, Any]]

#: A road further away than this is not the street of an address.
NEAREST_M = 1_000.0
#: An expressway on a viaduct is not the street of who lives beneath it, unless the street is so much further away.
FAR_M = 30.0
#: Posts stand each 100 m or each kilometre; what lies between two that are further apart nobody knows.
GAP_KM = 2.0
#: All names are read at once, a few times a day, for nobody who waits: longer than any question of a client may take.
READ_TIMEOUT_MS = 60_000
#: So many of them lie in memory as rows at a time.
PORTION = 2_000


@dataclass(frozen=True, slots=True)
class Nearest:
    """The road nearest to a point."""

    piece_id: int
    distance_m: float
    name: str | None
    route: str | None
    municipality: str | None


async def read_names(service: Service) -> Names:
    """All published names, in portions: worked out beside the event loop, since a prefecture has tens of thousands."""
    builder = Builder()
    async with service.connection() as connection, connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        await connection.execute(f"SET LOCAL statement_timeout = {READ_TIMEOUT_MS}")
        for name, rows_of in (("search_places", _places), ("search_roads", _roads)):
            cursor = connection.cursor(name, row_factory=dict_row)
            async with cursor:
                await cursor.execute(read_sql("tiles", name), binary=True)
                while portion := await cursor.fetchmany(PORTION):
                    await asyncio.to_thread(_add, builder, rows_of, portion)
    return builder.names()


def _add(builder: Builder, rows_of: Callable[[Rows], Iterator[Row]], portion: Rows) -> None:
    builder.add(rows_of(portion))


def _places(rows: Rows) -> Iterator[Row]:
    for row in rows:
        words = (row["word_ja"], row["word_en"]) if row["word_ja"] else None
        yield Row(
            row["kind"], row["name"], row["name_en"], words, (row["area"],) if row["area"] else (),
            (row["lon"], row["lat"]), _box(row),
        )  # fmt: skip


def _roads(rows: Rows) -> Iterator[Row]:
    for row in rows:
        name, route = row["name"], row["route"]
        box = _box(row)
        found = route_of(route, name, row["road_class"])
        said = parse_route(name) if name else None
        if found is not None and said is not None and said.number == found.number:
            found = replace(found, rest=said.rest)  # 国道8号バイパス
        yield Row(
            "route" if route else "road", route or name, None, None, tuple(row["areas"]),
            ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), box, found,
            name if route and name != route else None, row["pieces"],
        )  # fmt: skip


def _box(row: dict[str, Any]) -> tuple[float, float, float, float]:
    return row["west"], row["south"], row["east"], row["north"]


async def read_nearest(
    connection: Connection, points: Sequence[Point], most_m: float = NEAREST_M
) -> list[Nearest | None]:
    """The nearest road of each point, None where there is none within `most_m` metres."""
    found: list[Nearest | None] = [None] * len(points)
    if not points:
        return found
    params = {"lon": [p[0] for p in points], "lat": [p[1] for p in points], "most_m": most_m, "far_m": FAR_M}
    cursor = await connection.execute(read_sql("tiles", "search_nearest"), params)
    for n, *rest in await cursor.fetchall():
        found[n - 1] = Nearest(*rest)
    return found


@dataclass(frozen=True, slots=True)
class Post:
    """A place on a route between two kilometre posts, or at one."""

    route: str
    km: float
    lon: float
    lat: float
    piece_id: int


async def read_posts(connection: Connection, routes: Sequence[str], km: float) -> list[Post]:
    """The place of a kilometre on each of some routes, for those that have posts on both sides of it."""
    cursor = await connection.execute(
        read_sql("tiles", "search_kilometre"), {"routes": list(routes), "km": km, "gap_km": GAP_KM}
    )
    return [Post(*row) for row in await cursor.fetchall()]
