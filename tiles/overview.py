"""`/status/overview`: the main roads as a small drawing (SVG) whose lines carry their states and when these end.

The lines are worked out once for each version of the roads, and coloured anew with the summary. A group of lines has
the facts of its state as data attributes, so that a page lets it age by itself; its class says what it shows when it
is made.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
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
from tiles.overview_drawing import Sheet, draw, lay_out
from tiles.overview_lines import Grid
from tiles.overview_states import groups_of
from tiles.parameters import refuse_unknown
from tiles.service import Connection, Service, service_of
from tiles.summary import Summary, headers_of, present_summary

router = APIRouter(tags=["status"])

#: Roads are drawn as tiles of this zoom draw them: national and prefectural roads.
ZOOM = 9


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
