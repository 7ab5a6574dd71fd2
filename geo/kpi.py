"""除雪路線の網羅率: how much of the length of the plough routes is in the network, tracked, and observed.

Each figure is metres of road as planned, of all routes, those included that the network does not have. docs/kpi.md has
an example by hand; the words of FIGURES are printed beside the figures.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.coverage import PassFacts
from geo.linear import Stretches, intersect, measure, union
from geo.work import DEADHEAD, PASS

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]

#: The figures in the order in which they are told: name, definition in Japanese, in English.
FIGURES: tuple[tuple[str, str, str], ...] = (
    (
        "in_network",
        "計画延長のうち、道路ネットワーク上に位置づけられた延長の割合。",
        "Share of the planned length of plough routes that was found in the road network.",
    ),
    (
        "tracked",
        "計画延長のうち、対象期間に、正常な位置情報端末のある機械が割り当てられていた延長の割合。正常とは、割当期間中に測位があり、"
        "その{healthy_percent}％以上が道路上にあること。",
        "Share of the planned length to which, in the span, a machine with a healthy device was assigned: one that was "
        "heard while assigned, with at least {healthy_percent} % of its fixes on roads.",
    ),
    (
        "observed",
        "計画延長のうち、対象期間に、確からしさ{confidence_percent}％以上の作業走行または回送が記録された延長の割合。方向別に数え、"
        "片方向だけなら半分とする。作業の有無が不明な走行は数えない。",
        "Share of the planned length over which a pass or a deadhead of at least {confidence_percent} % confidence is "
        "on record in the span. Directions count apart: one of two is half. Traversals of unknown work do not count.",
    ),
)
NAMES = tuple(name for name, _, _ in FIGURES)


@dataclass(frozen=True, slots=True)
class RouteLengths:
    """R plough routes, and the parts of them that T towns hold (the last one: no town is known).

    planned_m   (R, T) metres of road; laid_m (R, T) those of them that the network has
    held_m      (R, T) metres of directed edges that the route holds
    """

    planned_m: Floats
    laid_m: Floats
    held_m: Floats


@dataclass(frozen=True, slots=True)
class Visible:
    """Metres of road of R routes in T towns: (R, T) each; planned, and by figure of NAMES."""

    planned_m: Floats
    in_network_m: Floats
    tracked_m: Floats
    observed_m: Floats

    def of(self, figure: str) -> Floats:
        """The metres of a figure, or of `planned`."""
        metres: Floats = getattr(self, f"{figure}_m")
        return metres


def observed_stretches(
    facts: PassFacts, is_shared: Bools, confidence_min: float, span_us: tuple[int, int]
) -> Stretches:
    """The union of what is on record, by edge position: passes and deadheads that began and ended in the span.

    is_shared (E,): where one pass in either direction counts for both, as in states.
    """
    known = np.isin(facts.kind, (PASS, DEADHEAD)) & (facts.confidence >= confidence_min)
    at = np.flatnonzero(known & (facts.began_us >= span_us[0]) & (facts.ended_us <= span_us[1]))
    both = at[is_shared[facts.edge[at]]]
    row = np.concatenate([at, both])
    edge = np.concatenate([facts.edge[at], facts.edge[both] ^ 1])
    return union(Stretches(edge, facts.from_m[row], facts.to_m[row]))


def visible(
    lengths: RouteLengths, held: Stretches, n_edges: int, town: Ints, is_tracked: Bools, observed: Stretches
) -> Visible:
    """What of the routes is visible.

    held        what the routes hold: group = route * n_edges + edge, a union
    town        (E,) town of each edge, T - 1: none is known
    is_tracked  (S,) whether each stretch of held has a healthy tracked machine
    observed    by edge, a union
    Metres of directed edges become metres of road by the route and town: a route drawn once is laid on both directions.
    """
    shape = lengths.held_m.shape
    cell = (held.group // n_edges) * shape[1] + town[held.group % n_edges]
    metres = held.to_m - held.from_m
    tracked = np.bincount(cell[is_tracked], weights=metres[is_tracked], minlength=lengths.held_m.size)
    seen = seen_m(held, n_edges, observed)
    found = np.bincount(cell, weights=seen, minlength=lengths.held_m.size)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(lengths.held_m > 0, lengths.laid_m / lengths.held_m, 0.0)
    return Visible(lengths.planned_m, lengths.laid_m, tracked.reshape(shape) * scale, found.reshape(shape) * scale)


def seen_m(held: Stretches, n_edges: int, observed: Stretches) -> Floats:
    """(S,) metres of each held stretch that are on record. Each stretch is looked at by itself: routes may overlap."""
    edge = held.group % n_edges
    low, high = np.searchsorted(observed.group, edge), np.searchsorted(observed.group, edge, side="right")
    n = high - low
    row = np.repeat(np.arange(len(held)), n)
    at = np.repeat(low - np.concatenate([[0], np.cumsum(n)])[:-1], n) + np.arange(int(n.sum()))
    here = intersect(
        Stretches(row, observed.from_m[at], observed.to_m[at]), Stretches(np.arange(len(held)), held.from_m, held.to_m)
    )
    return measure(here, len(held))


def split_lengths(planned_m: Floats, laid_m: Floats, held_m: Floats, missing_weight: Floats) -> RouteLengths:
    """Planned and laid metres of (R,) routes shared out over T towns.

    held_m          (R, T) directed metres held; what is laid is shared out by them
    missing_weight  (R, T) metres of the route as drawn; what is not laid is shared out by what they have more than is
                    laid there, and counts to the last town, none known, where nothing tells
    A route that is laid longer than planned counts as planned.
    """
    laid_m = np.minimum(laid_m, planned_m)
    whole = held_m.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(whole[:, None] > 0, held_m / whole[:, None], 0.0)
    nowhere = np.zeros_like(held_m)
    nowhere[:, -1] = 1.0
    laid = laid_m[:, None] * np.where(whole[:, None] > 0, share, nowhere)
    rest = np.maximum(missing_weight - laid, 0.0)
    total = rest.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(total[:, None] > 0, rest / total[:, None], nowhere)
    return RouteLengths(laid + (planned_m - laid_m)[:, None] * weight, laid, held_m)


def figures(found: Visible, group: Ints, n_groups: int) -> dict[str, Floats]:
    """Metres of (n_groups,) groups: planned and by figure. group (R, T), -1: counts to none."""
    inside = group >= 0
    return {
        name: np.bincount(group[inside], weights=found.of(name)[inside], minlength=n_groups).astype(np.float64)
        for name in ("planned", *NAMES)
    }


def fixed(value: float, digits: int) -> str:
    """A number with so many decimals, half to even; never a negative zero."""
    text = f"{value:.{digits}f}"
    return text[1:] if text.startswith("-") and float(text) == 0 else text


class Figure(float):
    """A number that canonical_json writes with one decimal: metres, and percent."""

    __slots__ = ()


def canonical_json(tree: Any) -> bytes:
    """A tree of mappings, lists, texts, whole numbers, truth values, None and Figure as bytes that depend on content
    alone: sorted keys, one space of indent a level, one decimal, UTF-8, LF, one at the end."""
    return ("\n".join(_lines(tree, 0)) + "\n").encode()


def _lines(tree: Any, indent: int) -> list[str]:
    pad = " " * (indent + 1)
    if isinstance(tree, Mapping) and tree:
        parts = [(f"{json.dumps(key, ensure_ascii=False)}: ", tree[key]) for key in sorted(tree)]
        brackets = "{}"
    elif isinstance(tree, Sequence) and not isinstance(tree, str) and tree:
        parts, brackets = [("", item) for item in tree], "[]"
    else:
        return [fixed(tree, 1) if isinstance(tree, Figure) else json.dumps(tree, ensure_ascii=False)]
    lines = [brackets[0]]
    for i, (head, item) in enumerate(parts):
        inner = _lines(item, indent + 1)
        inner[0] = f"{pad}{head}{inner[0]}"
        inner[-1] += "," if i < len(parts) - 1 else ""
        lines += inner
    return [*lines, f"{' ' * indent}{brackets[1]}"]
