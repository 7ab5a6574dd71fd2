"""Passes from traversals drawn by hand: a straight road, metres driven against seconds."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.fix import TREATMENTS, Fixes
from geo.matching.result import INFERRED, MATCHED, UNMATCHED, Breaks, Matched, MatchedFixes, Traversals
from geo.passes import BASIS_CONFIDENCE_MAX, Passes, classify
from geo.trace import Traces
from geo.vocabulary import WorkBasis
from geo.work import KINDS, SourceWork, work_of
from geo.work_changes import BRIDGE_S, JUNCTION_REACH_M

EDGE_M = 100.0
DOWN, UP, SILENT = 1, 0, -1
NAMES = tuple(str(kind) for kind in KINDS)


@dataclass
class Drive:
    """A drive along edges of EDGE_M each: (second, metre, blade) a fix; metre None is an unmatched fix."""

    fixes: list[tuple[float, float | None, int]]
    #: metres after which the path breaks; the next run begins at the same metre
    breaks: tuple[float, ...] = ()
    is_reversed: bool = False
    confidence: float = 1.0

    def matched(self) -> tuple[Traces, Matched, Fixes]:
        seconds = np.array([row[0] for row in self.fixes])
        metre = np.array([np.nan if row[1] is None else row[1] for row in self.fixes])
        fixes = Fixes.from_arrays(
            np.ones(len(seconds)), np.round(seconds * 1e6), metre, metre, blade=[row[2] for row in self.fixes]
        )
        n = len(fixes)
        seen = np.flatnonzero(~np.isnan(metre))
        t = self._traversals(seen, metre, fixes.at_us)
        offset = metre - np.nan_to_num(self._edges(metre) // 2) * EDGE_M
        place = MatchedFixes(
            edge=np.where(np.isnan(metre), -1, self._edges(metre)).astype(np.int32),
            offset_m=EDGE_M - offset if self.is_reversed else offset,
            distance_m=np.zeros(n),
            status=np.where(np.isnan(metre), UNMATCHED, MATCHED).astype(np.int8),
            confidence=np.ones(n),
        )
        at = [int(seen[np.searchsorted(metre[seen], b, side="right") - 1]) for b in self.breaks]
        broken = Breaks(
            np.zeros(len(at), np.int64), np.array(at, np.int64), np.array(at, np.int64) + 1, np.zeros(len(at), np.int8)
        )
        traces = Traces(fixes, np.zeros((n, 2)), np.arange(n), np.array([0, n]), np.array([1]), np.zeros(n, np.int8))
        return traces, Matched("test", 1, t, place, broken), fixes

    def _edges(self, metre: np.ndarray) -> np.ndarray:
        at_end = metre == np.nanmax(metre)  # the last fix lies at the end of the last edge, not on the next
        return (
            np.nan_to_num(np.where(at_end, np.ceil(metre / EDGE_M) - 1, metre // EDGE_M)).astype(np.int64) * 2
            + self.is_reversed
        )

    def _traversals(self, seen: np.ndarray, metre: np.ndarray, at_us: np.ndarray) -> Traversals:
        first, final = metre[seen[0]], metre[seen[-1]]
        ends = sorted({first, final, *self.breaks, *np.arange(EDGE_M * (first // EDGE_M + 1), final, EDGE_M)})
        rows = []
        for a, b in itertools.pairwise(ends):
            k = (a + b) / 2 // EDGE_M
            own = [i for i in seen if a <= metre[i] < b or (b == final and metre[i] == b)]
            near = (
                own
                if own
                else [seen[np.searchsorted(metre[seen], a, "left") - 1], seen[np.searchsorted(metre[seen], b, "left")]]
            )
            low, high = a - k * EDGE_M, b - k * EDGE_M
            if self.is_reversed:
                low, high = EDGE_M - high, EDGE_M - low
            times = np.interp([a, b], metre[seen], at_us[seen])
            rows.append(
                (k * 2 + self.is_reversed, low, high, *times, MATCHED if own else INFERRED, len(own), near[0], near[-1])
            )
        c = np.array(rows, np.float64).reshape(-1, 9).T
        n = len(rows)
        return Traversals(
            trace=np.zeros(n, np.int64), seq=np.arange(n, dtype=np.int32), edge=c[0].astype(np.int32),
            from_m=c[1], to_m=c[2], entered_us=c[3].astype(np.int64), left_us=c[4].astype(np.int64),
            status=c[5].astype(np.int8), confidence=np.full(n, self.confidence), n_fixes=c[6].astype(np.int32),
            first_fix=c[7].astype(np.int64), last_fix=c[8].astype(np.int64),
        )  # fmt: skip

    def passes(self, basis: WorkBasis | None = None) -> Passes:
        traces, matched, fixes = self.matched()
        return classify(traces, matched, work_of(fixes, SourceWork.uniform(len(fixes), basis)))


def rows(found: Passes) -> list[tuple[int, float, float, str]]:
    return [
        (int(e), round(float(a), 3), round(float(b), 3), NAMES[k])
        for e, a, b, k in zip(found.edge, found.from_m, found.to_m, found.kind, strict=True)
    ]


def check_sound(found: Passes, matched: Matched) -> None:
    """Passes are the traversals, cut: nothing lost, nothing twice, times in order."""
    t = matched.traversals
    assert (found.from_m < found.to_m).all()
    assert (found.began_us <= found.ended_us).all()
    assert (found.ended_us[:-1] <= found.began_us[1:]).all() or len(matched.breaks)
    assert np.isclose((found.to_m - found.from_m).sum(), (t.to_m - t.from_m).sum(), atol=0.01)
    assert found.seq.tolist() == list(range(len(found)))
    assert (found.first_fix_us <= found.last_fix_us).all()
    assert ((found.n_fixes == 0) | (found.status == MATCHED)).all()
    assert not ((found.kind == NAMES.index("pass")) & (found.work_basis == 3)).any()


def test_blade_down_all_the_way_is_one_pass_an_edge() -> None:
    found = Drive([(0, 0, DOWN), (10, 80, DOWN), (20, 160, DOWN), (30, 200, DOWN)]).passes()
    assert rows(found) == [(0, 0, 100, "pass"), (2, 0, 100, "pass")]
    assert found.n_fixes.tolist() == [2, 2]
    assert found.began_us.tolist() == [0, 12_500_000]
    assert found.ended_us.tolist() == [12_500_000, 30_000_000]
    assert found.first_fix_us.tolist() == [0, 20_000_000]


def test_blade_up_is_a_deadhead() -> None:
    found = Drive([(0, 0, UP), (10, 100, UP)]).passes()
    assert rows(found) == [(0, 0, 100, "deadhead")]
    assert found.treatment.tolist() == [-1]


def test_blade_lifted_between_two_fixes_cuts_half_way_in_metres_and_time() -> None:
    found = Drive([(0, 0, DOWN), (10, 40, DOWN), (20, 60, UP), (30, 100, UP)]).passes()
    assert rows(found) == [(0, 0, 50, "pass"), (0, 50, 100, "deadhead")]
    assert found.ended_us.tolist() == [15_000_000, 30_000_000]
    assert found.began_us.tolist() == [0, 15_000_000]
    assert found.n_fixes.tolist() == [2, 2]
    assert found.last_fix_us.tolist() == [10_000_000, 30_000_000]


def test_blade_lifted_around_a_junction_changes_at_the_junction() -> None:
    found = Drive([(0, 0, DOWN), (10, 60, DOWN), (20, 110, UP), (40, 260, DOWN), (50, 300, DOWN)]).passes()
    assert rows(found) == [(0, 0, 100, "pass"), (2, 0, 100, "deadhead"), (4, 0, 100, "pass")]
    assert found.ended_us.tolist() == [18_000_000, 32_000_000, 50_000_000]


def test_a_junction_just_before_the_last_working_fix_is_taken_within_reach() -> None:
    near, far = 100 + JUNCTION_REACH_M, 101 + JUNCTION_REACH_M
    found = Drive([(0, 0, DOWN), (20, near, DOWN), (30, 150, UP), (40, 200, UP)]).passes()
    assert rows(found) == [(0, 0, 100, "pass"), (2, 0, 100, "deadhead")]
    found = Drive([(0, 0, DOWN), (20, far, DOWN), (30, 150, UP), (40, 200, UP)]).passes()
    turn = (far + 150) / 2 - 100
    assert rows(found) == [(0, 0, 100, "pass"), (2, 0, turn, "pass"), (2, turn, 100, "deadhead")]


def test_of_two_junctions_the_one_nearer_to_the_middle_counts() -> None:
    found = Drive([(0, 0, DOWN), (10, 60, DOWN), (30, 205, UP), (35, 150 + 60, UP)]).passes()
    assert rows(found) == [(0, 0, 100, "pass"), (2, 0, 100, "unknown"), (4, 0, 10, "deadhead")]


def test_against_digitising_the_first_metres_driven_are_the_last_of_the_edge() -> None:
    found = Drive([(0, 0, DOWN), (10, 40, DOWN), (20, 60, UP), (30, 100, UP)], is_reversed=True).passes()
    assert rows(found) == [(1, 50, 100, "pass"), (1, 0, 50, "deadhead")]


def test_no_sensor_and_no_word_of_the_source_is_unknown() -> None:
    assert rows(Drive([(0, 0, SILENT), (10, 100, SILENT)]).passes()) == [(0, 0, 100, "unknown")]


def test_a_source_that_assumes_work_gives_passes_of_capped_confidence() -> None:
    found = Drive([(0, 0, SILENT), (10, 100, SILENT)]).passes(WorkBasis.ASSUMED)
    assert rows(found) == [(0, 0, 100, "pass")]
    assert found.confidence.tolist() == [BASIS_CONFIDENCE_MAX[2]]


def test_confidence_of_the_match_is_kept_below_the_cap() -> None:
    assert Drive([(0, 0, DOWN), (10, 100, DOWN)], confidence=0.37).passes().confidence.tolist() == [0.37]


def test_an_inferred_edge_between_working_fixes_is_a_pass_of_capped_confidence() -> None:
    found = Drive([(0, 50, DOWN), (30, 250, DOWN)]).passes()
    assert rows(found) == [(0, 50, 100, "pass"), (2, 0, 100, "pass"), (4, 0, 50, "pass")]
    assert found.status.tolist() == [MATCHED, INFERRED, MATCHED]
    assert found.confidence.tolist() == [1.0, 1.0, 1.0]
    assert found.n_fixes.tolist() == [1, 0, 1]
    assert (found.first_fix_us[1], found.last_fix_us[1]) == (0, 30_000_000)


def test_an_inferred_edge_is_unknown_where_only_one_neighbour_works() -> None:
    found = Drive([(0, 50, DOWN), (30, 250, UP)]).passes()
    assert rows(found) == [(0, 50, 100, "pass"), (2, 0, 100, "unknown"), (4, 0, 50, "deadhead")]


def test_an_inferred_edge_between_raised_blades_is_a_deadhead() -> None:
    assert rows(Drive([(0, 50, UP), (30, 250, UP)]).passes())[1] == (2, 0, 100, "deadhead")


@pytest.mark.parametrize(("gap_s", "kind"), [(BRIDGE_S, "pass"), (BRIDGE_S + 0.001, "unknown")])
def test_a_long_silence_between_working_fixes_is_unknown(gap_s: float, kind: str) -> None:
    found = Drive([(0, 0, DOWN), (10, 50, DOWN), (10 + gap_s, 250, DOWN), (20 + gap_s, 300, DOWN)]).passes()
    assert rows(found)[0] == (0, 0, 50 if kind == "unknown" else 100, "pass")
    assert (2, 0, 100, kind) in rows(found)
    assert rows(found)[-1] == (4, 50 if kind == "unknown" else 0, 100, "pass")


def test_a_change_a_hair_behind_a_junction_counts_from_the_junction_on() -> None:
    found = Drive([(0, 0, DOWN), (20, 99.99999, DOWN), (180, 100.00001, UP), (200, 200, UP)]).passes()
    assert rows(found) == [(0, 0, 100, "pass"), (2, 0, 100, "deadhead")]


def test_a_long_stand_hides_nothing_of_the_road_before_and_after() -> None:
    found = Drive([(0, 0, DOWN), (10, 50, DOWN), (600, 50, DOWN), (610, 100, DOWN)]).passes()
    assert rows(found) == [(0, 0, 100, "pass")]


def test_an_unmatched_fix_between_two_still_tells_of_the_blade() -> None:
    found = Drive([(0, 0, DOWN), (20, None, UP), (40, 80, UP), (50, 100, UP)]).passes()
    assert rows(found) == [(0, 0, 20, "pass"), (0, 20, 100, "deadhead")]
    assert found.n_fixes.tolist() == [1, 2]


def test_over_a_break_each_side_keeps_its_own_state() -> None:
    drive = Drive([(0, 0, DOWN), (10, 30, DOWN), (20, 50, UP), (30, 100, UP)], breaks=(40.0,))
    assert rows(drive.passes()) == [(0, 0, 40, "pass"), (0, 40, 100, "deadhead")]


def test_spreading_after_ploughing_is_another_pass() -> None:
    drive = Drive([(0, 0, DOWN), (10, 40, DOWN), (20, 60, UP), (30, 100, UP)])
    traces, matched, fixes = drive.matched()
    salted = Fixes.from_arrays(
        fixes.vehicle, fixes.at_us, fixes.lon, fixes.lat, blade=fixes.blade, spreader=[0, 0, 1, 1]
    )
    found = classify(traces, matched, work_of(salted, SourceWork.uniform(4)))
    assert rows(found) == [(0, 0, 50, "pass"), (0, 50, 100, "pass")]
    assert found.treatment.tolist() == [-1, TREATMENTS.index("anti_icing")]


def test_nothing_matched_gives_no_pass() -> None:
    traces, matched, fixes = Drive([(0, 0, DOWN), (10, 100, DOWN)]).matched()
    none = np.zeros(0, np.int64)
    t = Traversals(none, none.astype(np.int32), none.astype(np.int32), none * 1.0, none * 1.0, none, none,
                   none.astype(np.int8), none * 1.0, none.astype(np.int32), none, none)  # fmt: skip
    empty = Matched("test", 1, t, matched.fixes, matched.breaks)
    assert len(classify(traces, empty, work_of(fixes, SourceWork.uniform(2)))) == 0


KIND = {DOWN: "pass", UP: "deadhead", SILENT: "unknown"}


def changes(seen: list[tuple[float, float, int]]) -> list[tuple[float, str]]:
    """(metre, kind that begins there) of a drive without breaks, by the definition, pair by pair."""
    first, final = seen[0][1], seen[-1][1]
    joints = [k * EDGE_M for k in range(1, 40) if first < k * EDGE_M < final]
    found = [(first, KIND[seen[0][2]])]
    for (s0, m0, b0), (s1, m1, b1) in pairwise(seen):
        half, reach = (m0 + m1) / 2, (m1 - m0) / 2 + JUNCTION_REACH_M
        if s1 - s0 > BRIDGE_S:
            found += [(max(m0, found[-1][0]), "unknown"), (max(m1, found[-1][0]), KIND[b1])]
        elif b0 != b1:
            near = [j for j in joints if abs(j - half) <= reach]
            turn = min(near, key=lambda j: (abs(j - half), j), default=half)
            found.append((max(turn, found[-1][0]), KIND[b1]))
    return found


def oracle(drive: Drive, metre: float) -> set[str]:
    """The kinds that may be said at a metre: more than one only on a change."""
    seen = [(s, m, b) for s, m, b in drive.fixes if m is not None]
    k = metre // EDGE_M
    owned = any(k * EDGE_M <= m < (k + 1) * EDGE_M or m == seen[-1][1] == (k + 1) * EDGE_M for _, m, _ in seen)
    around = [(b0, b1) for (_, m0, b0), (_, m1, b1) in pairwise(seen) if m0 < metre < m1]
    if not owned and around[0][0] != around[0][1]:
        return {"unknown"}
    found = changes(seen)
    return {
        [kind for at, kind in found if at <= place][-1]
        for place in (metre - 0.01, metre, metre + 0.01)
        if place >= seen[0][1]
    }


NEAR = 1e-5
ways = st.integers(0, 140).map(float) | st.sampled_from([NEAR, EDGE_M, EDGE_M - NEAR, EDGE_M + NEAR])
steps = st.tuples(st.sampled_from([1, 15, 60, 121]), ways, st.sampled_from([DOWN, UP, SILENT]))


@settings(max_examples=200, deadline=None)
@given(st.lists(steps, min_size=2, max_size=10), st.booleans())
def test_kind_of_every_metre_follows_the_definition(moves: list[tuple[int, float, int]], is_reversed: bool) -> None:
    second, metre, fixes = 0.0, 0.0, []
    for wait, way, blade in moves:
        second, metre = second + wait, metre + way
        fixes.append((second, metre, blade))
    if fixes[-1][1] == fixes[0][1]:
        return
    drive = Drive(fixes, is_reversed=is_reversed)
    traces, matched, given_ = drive.matched()
    found = classify(traces, matched, work_of(given_, SourceWork.uniform(len(given_))))
    check_sound(found, matched)
    for edge, a, b, kind in rows(found):
        base = edge // 2 * EDGE_M
        for offset in np.arange(a + 0.25, b, 0.5):
            at = base + (EDGE_M - offset if is_reversed else offset)
            assert kind in oracle(drive, float(at)), (edge, a, b, kind, at)
