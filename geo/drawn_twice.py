"""二重線の除雪: what is done on one line of a street is done on the other lines that draw the same street."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
from numpy.typing import NDArray

from geo.coverage import PassFacts
from geo.linear import TOUCH_M, Stretches, union
from geo.matching.twins import Twins
from geo.polyline import ragged

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]


def with_twins(facts: PassFacts, twins: Twins) -> PassFacts:
    """The facts, and after them what they say of the other lines of their streets.

    A copy keeps everything but its edge, its metres, and its trace: that is -1 - trace, and seq counts its copies in
    the order driven, so that copies follow each other where the facts do.
    """
    if len(twins) == 0:
        return facts
    copies = _copies(facts, twins)
    both = {f.name: np.concatenate([getattr(facts, f.name), getattr(copies, f.name)]) for f in fields(PassFacts)}
    return PassFacts(**both)


def on_streets(stretches: Stretches, twins: Twins) -> Stretches:
    """The union of stretches of edges, by edge position, and of the same stretches of the other lines."""
    row, low, high, copied = _overlaps(stretches.group, stretches.from_m, stretches.to_m, twins)
    edge, from_m, to_m = _laid_over(stretches.group[copied], row, low, high, twins)
    return union(
        Stretches(
            np.concatenate([stretches.group, edge]),
            np.concatenate([stretches.from_m, from_m]),
            np.concatenate([stretches.to_m, to_m]),
        )
    )


def _overlaps(edge: Ints, from_m: Floats, to_m: Floats, twins: Twins) -> tuple[Ints, Floats, Floats, Ints]:
    """Rows of twins that stretches have something in common with, from where to where, and which stretch."""
    first = np.searchsorted(twins.piece, edge >> 1, side="left")
    n = np.searchsorted(twins.piece, edge >> 1, side="right") - first
    which = np.repeat(np.arange(len(edge)), n)
    row = first[which] + ragged(n)
    low, high = np.maximum(from_m[which], twins.from_m[row]), np.minimum(to_m[which], twins.to_m[row])
    some = high - low > TOUCH_M
    return row[some], low[some], high[some], which[some]


def _laid_over(edge: Ints, row: Ints, low: Floats, high: Floats, twins: Twins) -> tuple[Ints, Floats, Floats]:
    """Stretches low to high of edges, laid over the other line of rows of twins: edge and metres."""
    scale = (twins.other_to_m[row] - twins.other_from_m[row]) / (twins.to_m[row] - twins.from_m[row])
    a, b = (twins.other_from_m[row] + (at - twins.from_m[row]) * scale for at in (low, high))
    return 2 * twins.other[row] + ((edge & 1) ^ (scale < 0)), np.minimum(a, b), np.maximum(a, b)


def _copies(facts: PassFacts, twins: Twins) -> PassFacts:
    row, low, high, fact = _overlaps(facts.edge, facts.from_m, facts.to_m, twins)
    edge, from_m, to_m = _laid_over(facts.edge[fact], row, low, high, twins)
    copies = {f.name: getattr(facts, f.name)[fact] for f in fields(PassFacts)}
    copies |= {"edge": edge, "from_m": from_m, "to_m": to_m}
    copies |= {"trace": -1 - facts.trace[fact], "seq": _counted(facts, fact, low)}
    return PassFacts(**copies)


def _counted(facts: PassFacts, fact: Ints, low: Floats) -> Ints:
    """(n,) numbers of copies in the order driven: one more each, and one left out where facts do not follow."""
    trace, seq = facts.trace[fact], facts.seq[fact]
    along = np.where(facts.edge[fact] & 1, -low, low)
    order = np.lexsort((along, seq, trace))
    step = np.ones(len(order), np.int64)
    step[1:] += (trace[order][1:] != trace[order][:-1]) | (np.diff(seq[order]) > 1)
    number = np.empty(len(order), np.int64)
    number[order] = np.cumsum(step)
    return number
