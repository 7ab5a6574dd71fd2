"""Ready lines on edges: what lies on a road counts, what jumps across the map does not."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from geo.worked_lines import CONFIDENCE_MAX, JUMP_M, LAID_SHARE, LONG_M, lay_worked

type Floats = NDArray[np.float64]


@dataclass
class Laid:
    """One edge under the whole line but for the metres that are missing."""

    edge: NDArray[np.int32]
    from_m: Floats
    to_m: Floats
    missing_m: float


@dataclass
class StraightRoad:
    """A road along y = 0: what lies farther away than 15 m is missing. Keeps the lines that it was asked for."""

    asked: list[Floats] = field(default_factory=list)

    def __call__(self, line_xy: Floats) -> Laid:
        self.asked.append(line_xy)
        length = np.hypot(*np.diff(line_xy, axis=0).T)
        off = np.abs(line_xy[:-1, 1] + line_xy[1:, 1]) / 2 > 15
        on_road = line_xy[np.abs(line_xy[:, 1]) <= 15, 0]
        if len(on_road) < 2:
            return Laid(np.zeros(0, np.int32), np.zeros(0), np.zeros(0), float(length.sum()))
        span = np.array([on_road.min()]), np.array([on_road.max()])
        return Laid(np.zeros(1, np.int32), *span, missing_m=float(length[off].sum()))


def _along(*x_m: float, y_m: float = 0.0) -> Floats:
    return np.array([(x, y_m) for x in x_m])


def test_a_line_on_a_road_is_one_part_of_full_confidence() -> None:
    road = StraightRoad()
    worked = lay_worked(_along(*range(0, 1001, 100)), road)
    assert len(road.asked) == 1
    assert (worked.from_m.tolist(), worked.to_m.tolist()) == ([0.0], [1000.0])
    assert worked.confidence.tolist() == [CONFIDENCE_MAX]
    assert (worked.length_m, worked.missing_m, worked.n_jumps, len(worked.lost)) == (1000.0, 0.0, 0, 0)


def test_a_jump_is_never_laid_and_takes_nothing_from_the_rest() -> None:
    road = StraightRoad()
    worked = lay_worked(_along(0, 100, 200, 200 + JUMP_M + 1, 200 + JUMP_M + 101), road)
    assert [len(line) for line in road.asked] == [3, 2]
    assert (worked.n_jumps, worked.length_m, worked.missing_m) == (1, 300.0, 0.0)
    assert worked.confidence.tolist() == [CONFIDENCE_MAX, CONFIDENCE_MAX]


def test_a_long_segment_counts_where_a_straight_road_lies_under_it() -> None:
    worked = lay_worked(_along(0, 100, 100 + LONG_M + 1), StraightRoad())
    assert (worked.n_jumps, worked.to_m.max()) == (0, 100 + LONG_M + 1)
    away = np.array([(0.0, 0.0), (100.0, 0.0), (100.0, LONG_M + 1)])
    worked = lay_worked(away, StraightRoad())
    assert (worked.n_jumps, worked.length_m, worked.to_m.max()) == (1, 100.0, 100.0)


def test_a_long_segment_with_some_of_it_off_the_roads_is_a_jump() -> None:
    worked = lay_worked(_along(0, LONG_M + 50), _Missing(1.0))
    assert (worked.n_jumps, len(worked.edge), worked.length_m) == (1, 0, 0.0)
    worked = lay_worked(_along(0, LONG_M), _Missing(1.0))
    assert (worked.n_jumps, len(worked.edge), worked.length_m) == (0, 1, LONG_M)


def test_the_boundary_of_a_jump() -> None:
    assert lay_worked(_along(0, JUMP_M), _Missing(0.0)).n_jumps == 0
    assert lay_worked(_along(0, JUMP_M + 0.001), _Missing(0.0)).n_jumps == 1


def test_the_boundary_of_a_long_segment() -> None:
    road = StraightRoad()
    lay_worked(_along(0, LONG_M, 2 * LONG_M), road)
    assert len(road.asked) == 1
    lay_worked(_along(0, LONG_M + 0.001, 2 * LONG_M), road)
    assert len(road.asked) == 3


@pytest.mark.parametrize("missing_m", [0, 100, 101, 500, 1000])
def test_a_line_off_the_roads_loses_confidence_in_proportion(missing_m: int) -> None:
    line = _along(*range(0, 1001, 100))
    worked = lay_worked(line, _Missing(missing_m))
    share = 1 - missing_m / 1000
    assert worked.confidence.tolist() == pytest.approx([CONFIDENCE_MAX * min(share / LAID_SHARE, 1)])
    assert worked.lost.tolist() == ([] if missing_m <= 100 else list(range(11)))
    assert (worked.length_m, worked.missing_m) == (1000, pytest.approx(missing_m))


@dataclass
class _Missing:
    """Lays everything but so many metres."""

    missing_m: float

    def __call__(self, line_xy: Floats) -> Laid:
        return Laid(np.zeros(1, np.int32), np.zeros(1), np.ones(1), self.missing_m)


def test_a_line_that_is_all_jumps_has_no_stretch() -> None:
    worked = lay_worked(np.array([(0.0, 0.0), (0.0, 10_000.0), (0.0, 0.0)]), StraightRoad())
    assert (len(worked.edge), worked.n_jumps, worked.length_m) == (0, 2, 0.0)
