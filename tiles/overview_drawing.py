"""The overview as a drawing: lines, land and names laid out once, then the lines by what they show. No database."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import shapely

from tiles.overview_lines import Grid, Ints, Steps, steps_of, trails_of
from tiles.overview_states import Group

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
