"""The overview: steps against a plain walk, the worst of what lies on a step, its ageing, the drawing itself."""

from __future__ import annotations

import itertools
import math
import random
import re
from datetime import timedelta
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.tiles.conftest import AS_OF, Served
from tiles.overview_lines import Grid, Steps, steps_of, trails_of
from tiles.overview_states import BADNESS, groups_of
from tiles.states import NO_MOMENT, POSITION_OF_REASON, STATES, Index, Records

SVG = "{http://www.w3.org/2000/svg}"
NOW_S = 1_800_000_000
HOUR = 3600


def plain_steps(grid: Grid, lines: list[list[tuple[float, float]]]) -> dict[frozenset[tuple[int, int]], set[int]]:
    """Unit steps of each line and which lines lie on them, walked point by point."""
    found: dict[frozenset[tuple[int, int]], set[int]] = {}
    short = {}
    for number, line in enumerate(lines):
        at = [tuple(point) for point in grid.of(np.array(line)).tolist()]
        is_short = True
        for (x0, y0), (x1, y1) in itertools.pairwise(at):
            n = max(abs(x1 - x0), abs(y1 - y0))
            walk = [
                (int(np.rint(x0 + (x1 - x0) / n * i)), int(np.rint(y0 + (y1 - y0) / n * i))) for i in range(n + 1) if n
            ]
            for step in itertools.pairwise(walk):
                found.setdefault(frozenset(step), set()).add(number)
                is_short = False
        if is_short:
            short[number] = at[0]
    for number, point in short.items():
        for step, owners in found.items():
            if point in step:
                owners.add(number)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_steps_are_those_of_a_plain_walk_and_trails_walk_each_once(seed: int) -> None:
    rng = random.Random(seed)
    lines = []
    for _ in range(40):
        x, y = rng.uniform(0, 60_000), rng.uniform(0, 90_000)
        line = [(x, y)]
        for _ in range(rng.randrange(1, 5)):
            reach = rng.choice([20, 400, 4000])
            x, y = x + rng.uniform(-reach, reach), y + rng.uniform(-reach, reach)
            line.append((x, y))
        lines.append(line)
    xy = np.array([point for line in lines for point in line])
    number = np.array([n for n, line in enumerate(lines) for _ in line])
    grid = Grid.over(*xy.min(axis=0), *xy.max(axis=0))
    assert max(grid.width, grid.height) <= 641
    steps = steps_of(grid, xy, number)
    found: dict[frozenset[tuple[int, int]], set[int]] = {}
    for step, piece in zip(steps.step.tolist(), steps.piece.tolist(), strict=True):
        x0, y0, x1, y1 = steps.ends[step].tolist()
        found.setdefault(frozenset([(x0, y0), (x1, y1)]), set()).add(piece)
    assert found == plain_steps(grid, lines)
    trails = trails_of(steps)
    walked = [step for trail in trails for step, _ in trail]
    assert sorted(walked) == list(range(len(steps.ends)))
    for trail in trails:
        ends = [steps.ends[step].tolist() for step, _ in trail]
        turned = [end[2:] + end[:2] if is_back else end for end, (_, is_back) in zip(ends, trail, strict=True)]
        assert all(one[2:] == following[:2] for one, following in itertools.pairwise(turned))


def told(rows: list[tuple[str, str, int, int, int]]) -> Records:
    """Records of (state, reason, cleared, valid, observed): hours before now, -1 for none."""
    at = [[NO_MOMENT if row[i] == -1 else NOW_S - row[i] * HOUR for row in rows] for i in (2, 3, 4)]
    state = np.array([STATES.index(row[0]) for row in rows], np.int16)
    reason = np.array([POSITION_OF_REASON[row[1]] for row in rows], np.int16)
    return Records(state, reason, *(np.array(times) for times in at), np.zeros(len(rows), np.int16))


CLEARED = ("cleared", "none", 2, -22, 2)
OLD = ("cleared", "none", 8, -1, 8)
WORK = ("clearing", "none", -1, -1, 0)
NOT_YET = ("uncleared", "none", -1, -1, 0)
UNKNOWN = ("unknown", "silent", -1, -1, -1)
OFF_PLAN = ("unknown", "not_on_plan", -1, -1, -1)
OVER = ("cleared", "none", 3, 0, 3)
CASES: list[tuple[list[tuple[str, str, int, int, int]], int]] = [
    ([CLEARED, CLEARED, CLEARED, CLEARED], 2),
    ([CLEARED, OLD, CLEARED, CLEARED], 4),  # the oldest of what is cleared
    ([CLEARED, UNKNOWN, CLEARED, CLEARED], 8),
    ([UNKNOWN, NOT_YET, CLEARED, CLEARED], 7),
    ([CLEARED, CLEARED, WORK, WORK], 6),
    ([CLEARED, CLEARED, OVER, CLEARED], 8),  # one of them has run out
    ([OFF_PLAN, OFF_PLAN, OFF_PLAN, OFF_PLAN], 0),
    ([CLEARED, CLEARED, OFF_PLAN, OFF_PLAN], 2),  # another road beside it that nobody follows
    ([CLEARED, OFF_PLAN, CLEARED, CLEARED], 8),  # half a road on a plan
]


@pytest.mark.parametrize(("rows", "code"), CASES)
def test_a_step_shows_the_worst_that_lies_on_it(rows: list[tuple[str, str, int, int, int]], code: int) -> None:
    """Two pieces with both directions on one step."""
    index = Index.of("1-a", np.arange(2, 6))
    steps = Steps(np.array([[0, 0, 1, 0]]), np.array([0, 0]), np.array([0, 1]))
    groups, which = groups_of(index, told(rows), np.array([1, 2]), steps, NOW_S)
    assert [group.code for group in groups] == [code]
    assert which.tolist() == [0]


def test_times_of_a_group_are_never_later_than_those_on_it() -> None:
    index = Index.of("1-a", np.arange(2, 6))
    steps = Steps(np.array([[0, 0, 1, 0]]), np.array([0, 0]), np.array([0, 1]))
    groups, _ = groups_of(index, told([CLEARED, OLD, CLEARED, CLEARED]), np.array([1, 2]), steps, NOW_S)
    (group,) = groups
    assert NOW_S - 8 * HOUR - 900 < group.cleared <= NOW_S - 8 * HOUR
    assert group.valid <= NOW_S + 16 * HOUR  # eight hours ago, and 24 at most
    assert 'data-char="c"' in group.attributes
    assert BADNESS["cleared"] == group.badness


def drawing(served: Served) -> ElementTree.Element:
    answer = served.client.get("/status/overview")
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    return ElementTree.fromstring(answer.text)


def groups(root: ElementTree.Element) -> dict[str, dict[str, str]]:
    return {one.attrib["class"]: one.attrib for one in root.iter(f"{SVG}g")}


def test_the_drawing_of_the_town_carries_its_states_and_when_they_end(first: Served) -> None:
    root = drawing(first)
    found = groups(root)
    # 国道8号 is cleared one way and not cleared the other way; the expressway is on nobody's plan
    assert set(found) == {"line code-7", "line code-0"}
    assert found["line code-7"]["data-char"] == "u"
    assert found["line code-0"]["data-reason"] == "not_on_plan"
    assert [text.attrib["data-en"] for text in root.iter(f"{SVG}text")] in ([], ["Kanazawa"])
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    assert max(width, height) <= 641
    for path in root.iter(f"{SVG}path"):
        assert re.fullmatch(r"(M-?\d+ -?\d+|[hv]-?\d+|l-?\d+[ -]\d+|l[-\d ]+z?|z)*", path.attrib["d"]), path.attrib["d"]


def test_the_drawing_lies_where_the_roads_do(first: Served) -> None:
    """The first point of the expressway is south-west of its last one, as on the ground."""
    root = drawing(first)
    path = next(one for one in root.iter(f"{SVG}g") if one.attrib["class"] == "line code-0")[0].attrib["d"]
    points = walk(path)
    west, east = min(points), max(points)
    assert west[1] > east[1]  # y goes down
    lon_m, lat_m = 0.06 * math.cos(math.radians(36.56)), 0.03
    slope = (west[1] - east[1]) / (east[0] - west[0])
    assert slope == pytest.approx(lat_m / lon_m, rel=0.02)


def walk(path: str) -> list[tuple[int, int]]:
    """The points of a path of M, h, v and l."""
    x = y = 0
    found = []
    for letter, rest in re.findall(r"([Mhvl])([^Mhvlz]*)", path):
        numbers = [int(text) for text in re.findall(r"-?\d+", rest)]
        if letter == "M":
            x, y = numbers
        else:
            dx, dy = {"h": (numbers[0], 0), "v": (0, numbers[0])}.get(letter) or (numbers[0], numbers[1])
            x, y = x + dx, y + dy
        found.append((x, y))
    return found


def test_tag_refusal_and_encodings(first: Served) -> None:
    answer = first.client.get("/status/overview")
    assert first.client.get("/status/overview", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert first.client.get("/status/overview?x=1").status_code == 400
    assert first.client.get("/status/overview", headers={"Accept-Encoding": "br"}).text == answer.text
    first.clock.at = AS_OF + timedelta(hours=1)
    assert first.client.get("/status/overview").status_code == 200
