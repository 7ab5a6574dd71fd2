"""What the stand-in answers to the first view of the page: the summary and the overview of its few roads."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely

from tiles.overview_drawing import draw, lay_out
from tiles.overview_lines import Grid
from tiles.overview_states import groups_of
from tiles.states import Index, Records
from tiles.summary_numbers import Area, Ground, area_document, tally

AREA = Area("17000", "試験市", "Testville")
RADIUS_M = 6_378_137.0
#: Each road of the stand-in, kilometres.
KM = 2.1


def zulu(at_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))


def summary(
    head: dict[str, Any], edges: list[int], told: Records, is_planned: Callable[[int], bool], now_s: float
) -> dict[str, Any]:
    """The answer of /status/summary: the whole and one municipality that holds all."""
    n_sides = np.array([sum(other >> 1 == edge >> 1 for other in edges) for edge in edges])
    planned = np.array([is_planned(edge >> 1) for edge in edges])
    ground = Ground((AREA,), np.zeros(len(edges), np.int16), KM / n_sides, planned)
    numbers, end_s = tally(ground, told, int(now_s))
    snow = {"since_cm": 12.4, "is_whole": True, "observed_at": None}
    areas = [area_document(one, snow) for one in numbers]
    return head | {"valid_until": None if end_s is None else zulu(end_s), "areas": areas}


def mercator(lon: float, lat: float) -> tuple[float, float]:
    return RADIUS_M * math.radians(lon), RADIUS_M * math.log(math.tan(math.pi / 4 + math.radians(lat) / 2))


def overview(edges: list[int], told: Records, line_of: Callable[[int], list[tuple[float, float]]], now_s: float) -> str:
    """The answer of /status/overview."""
    pieces = sorted({edge >> 1 for edge in edges})
    shapes = {piece: shapely.LineString([mercator(*position) for position in line_of(piece)]) for piece in pieces}
    west, south, east, north = shapely.union_all(list(shapes.values())).bounds
    lines = [{"piece_id": piece, "geom": shapely.to_wkb(shape)} for piece, shape in shapes.items()]
    box = shapely.box(west - 900, south - 900, east + 900, north + 900)
    land = [{"name": AREA.name, "name_en": AREA.name_en, "x": west, "y": north, "geom": shapely.to_wkb(box)}]
    sheet = lay_out(Grid.over(*box.bounds), lines, land)
    index = Index.of("3-abc", np.array(edges))
    return draw(sheet, *groups_of(index, told, sheet.piece, sheet.steps, int(now_s)))
