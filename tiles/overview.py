"""`/status/overview`: the main roads as a small drawing (SVG) whose lines carry their states and when these end.

The lines are worked out once for each version of the roads, and coloured anew with the summary. A group of lines has
the facts of its state as data attributes, so that a page lets it age by itself; its class says what it shows when it
is made.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
import shapely
from fastapi import APIRouter
from psycopg.rows import dict_row
from starlette.requests import Request
from starlette.responses import Response

from geo.db import read_sql
from tiles.answers import pack_for
from tiles.caching import etag_of, is_known, not_modified
from tiles.dataset import Dataset
from tiles.forms import takes
from tiles.overview_lines import Grid, Ints, Steps, steps_of, trails_of
from tiles.overview_states import Group, groups_of
from tiles.parameters import refuse_unknown
from tiles.service import Connection, Service, service_of
from tiles.summary import Summary, headers_of, present_summary

router = APIRouter(tags=["status"])

#: Roads are drawn as tiles of this zoom draw them: national and prefectural roads.
ZOOM = 9
#: Names of municipalities that would lie nearer than this to one that is drawn already are left out, units of the
#: drawing.
NAME_WIDTH, NAME_HEIGHT = 52, 16
#: Islets and the like are left out below this many square units.
LAND_LEAST = 6.0


@dataclass(frozen=True, slots=True)
class Name:
    """A name of a municipality at a place of the drawing; name_en None: it has none in English."""

    x: int
    y: int
    name: str
    name_en: str | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the drawing has whatever the states are.

    piece   (P,) ids of the pieces that are drawn, ascending; the steps name their positions
    trails  the steps in the order in which they are drawn
    """

    grid: Grid
    piece: Ints
    steps: Steps
    trails: list[list[tuple[int, bool]]]
    land: str
    names: tuple[Name, ...]


@dataclass(slots=True)
class Drawing:
    """The overview of a summary with its packed bodies."""

    summary: Summary
    svg: str
    etag: str
    bodies: dict[str, bytes] = field(default_factory=dict)


async def read_sheet(service: Service, dataset: Dataset) -> Sheet:
    """The sheet of the present roads and municipalities; read once for each version."""

    async def make() -> Sheet:
        async with service.connection() as connection:
            lines = await _rows(connection, "overview_lines", {"zoom": ZOOM})
            xy = shapely.get_coordinates(shapely.from_wkb([row["geom"] for row in lines]))
            grid = Grid.over(*_box(dataset, xy))
            land = await _rows(connection, "overview_land", {"tolerance_m": grid.unit_m})
        return await asyncio.to_thread(lay_out, grid, lines, land)

    found: Sheet = await service.sheets.get((dataset.roads_version, dataset.reference_key), make)
    return found


async def _rows(connection: Connection, name: Any, params: dict[str, Any]) -> list[dict[str, Any]]:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(read_sql("tiles", name), params)
        return await cursor.fetchall()


def _box(dataset: Dataset, xy: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[float, float, float, float]:
    """West, south, east, north in metres of the main roads, or of all roads where there are none."""
    if len(xy) == 0:
        corners = np.array([[dataset.west, dataset.south], [dataset.east, dataset.north]])
        radius_m = 6_378_137.0  # of the sphere of EPSG:3857
        up = np.log(np.tan(np.pi / 4 + np.radians(corners[:, 1]) / 2))
        xy = radius_m * np.stack([np.radians(corners[:, 0]), up], axis=1)
    (west, south), (east, north) = xy.min(axis=0), xy.max(axis=0)
    return float(west), float(south), float(east), float(north)


def lay_out(grid: Grid, lines: list[dict[str, Any]], land: list[dict[str, Any]]) -> Sheet:
    """The sheet of rows of overview_lines.sql and overview_land.sql."""
    shapes = shapely.from_wkb([row["geom"] for row in lines])
    xy, line = shapely.get_coordinates(shapes, return_index=True)
    steps = steps_of(grid, xy, line.astype(np.int64))
    piece = np.array([row["piece_id"] for row in lines], np.int64)
    return Sheet(grid, piece, steps, trails_of(steps), _land(grid, land), _names(grid, land))


def _land(grid: Grid, land: list[dict[str, Any]]) -> str:
    """Outlines as one path."""
    parts = []
    for row in land:
        for polygon in shapely.get_parts(shapely.from_wkb(row["geom"])):
            points = grid.of(shapely.get_coordinates(polygon.exterior))
            points = points[np.append(True, (np.diff(points, axis=0) != 0).any(axis=1))]
            if len(points) > 3 and shapely.Polygon(points).area >= LAND_LEAST:
                moves = np.diff(points, axis=0, prepend=[[0, 0]]).tolist()[:-1]
                first, *rest = (f"{x} {y}" for x, y in moves)
                parts.append(f"M{first}l{' '.join(rest)}z")
    return "".join(parts)


def _names(grid: Grid, land: list[dict[str, Any]]) -> tuple[Name, ...]:
    """Names of the larger municipalities first, none over another one."""
    found: list[Name] = []
    for row in land:
        ((x, y),) = grid.of(np.array([[row["x"], row["y"]]])).tolist()
        is_free = all(abs(x - one.x) >= NAME_WIDTH or abs(y - one.y) >= NAME_HEIGHT for one in found)
        if row["name"] and is_free and 20 <= x <= grid.width - 20 and 12 <= y <= grid.height - 4:
            found.append(Name(x, y, row["name"], row["name_en"]))
    return tuple(found)


def draw(sheet: Sheet, groups: list[Group], which: Ints) -> str:
    """The drawing. which (S,): the position in groups of each step, -1 where nothing is drawn."""
    paths: list[list[str]] = [[] for _ in groups]
    ends, group_of = sheet.steps.ends.tolist(), which.tolist()
    for trail in sheet.trails:
        _draw_trail(trail, ends, group_of, paths)
    lines = "".join(_line(group, "".join(path)) for group, path in zip(groups, paths, strict=True) if path)
    names = "".join(
        f'<text x="{one.x}" y="{one.y}" data-ja="{escape(one.name)}" data-en="{escape(one.name_en or one.name)}">'
        f"{escape(one.name)}</text>"
        for one in sheet.names
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {sheet.grid.width} {sheet.grid.height}">'
        f'<path class="land" d="{sheet.land}"/>{lines}{names}</svg>'
    )


def _draw_trail(
    trail: list[tuple[int, bool]], ends: list[list[int]], group_of: list[int], paths: list[list[str]]
) -> None:
    """Append the moves of a trail to the paths of its groups; steps of the same direction are one move."""
    former, run = -1, (0, 0)
    for step, is_back in trail:
        x0, y0, x1, y1 = ends[step]
        if is_back:
            x0, y0, x1, y1 = x1, y1, x0, y0
        group = group_of[step]
        move = (x1 - x0, y1 - y0)
        if group != former:
            if group >= 0:
                paths[group].append(f"M{x0} {y0}")
            run = (0, 0)
        if group >= 0:
            if group == former and _is_on(run, move):
                paths[group].pop()
                move = (run[0] + move[0], run[1] + move[1])
            paths[group].append(_move(move))
            run = move
        former = group


def _is_on(run: tuple[int, int], move: tuple[int, int]) -> bool:
    """Whether a unit step goes on exactly as the run before."""
    n = max(abs(run[0]), abs(run[1]))
    return n > 0 and (move[0] * n, move[1] * n) == run


def _move(move: tuple[int, int]) -> str:
    x, y = move
    if y == 0:
        return f"h{x}"
    return f"v{y}" if x == 0 else f"l{x} {y}".replace(" -", "-")


def _line(group: Group, path: str) -> str:
    """A group, with the line of its pattern where its state has one."""
    over = f'<path class="over" d="{path}"/>' if group.has_pattern else ""
    return f'<g class="line code-{group.code}"{group.attributes}><path d="{path}"/>{over}</g>'


async def present_drawing(service: Service) -> Drawing:
    """The overview of the present summary."""
    summary = await present_summary(service)
    sheet = await read_sheet(service, summary.dataset)

    async def make() -> Drawing:
        svg = await asyncio.to_thread(colour, sheet, summary)
        return Drawing(summary, svg, etag_of(svg, weak=True))

    kept: Drawing = await service.drawings.get(object(), make, lambda last: last.summary is summary)
    return kept


def colour(sheet: Sheet, summary: Summary) -> str:
    """The drawing of a sheet with the states of a summary."""
    moment_s = int(summary.moment.timestamp())
    groups, which = groups_of(summary.present.index, summary.told, sheet.piece, sheet.steps, moment_s)
    return draw(sheet, groups, which)


@router.get("/status/overview")
async def overview(request: Request) -> Response:
    """The main roads with their states as an SVG drawing for a first view; docs/api.md has its attributes."""
    refuse_unknown(request.query_params, ())
    service = service_of(request)
    made = await present_drawing(service)
    headers = headers_of(service, made.summary, made.etag) | {"Vary": "Accept-Encoding"}
    if is_known(request, made.etag):
        return not_modified(headers)
    encoding = takes(request)
    if encoding not in made.bodies:
        made.bodies[encoding] = await asyncio.to_thread(pack_for, encoding, made.svg.encode())
    encoded = {} if encoding == "identity" else {"Content-Encoding": encoding}
    return Response(made.bodies[encoding], headers=headers | encoded, media_type="image/svg+xml")
