"""Which stored facts can decide the states of a moment, found without looking at most of them.

A season holds a hundred facts of each edge, and the newest few decide: once passes that count cover an edge whole,
what is older on it changes nothing (geo.coverage.cover stops there too). The facts left out here leave
geo.status.assess as it is, in every field; a test compares the two. What is kept is more than what is used, never
less:

- a pass that counts, until those after it cover its edge whole, as often as the edge needs, without any slack at its
  ends; the same with less sure passes and with unknown work, which matter where the sure ones are not enough; and the
  same for each treatment that is kept apart;
- the newest fact of each edge, and its newest pass: when it was seen last, by whom;
- one fact of each edge that is synthetic, if any is.

What of the same trace comes before and after a kept pass decides about its ends (geo.end_slack); the caller adds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from geo.fix import TREATMENTS
from geo.linear import TOUCH_M
from geo.work import BASIS_UNKNOWN, CLEARS, PASS, UNKNOWN

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints16 = NDArray[np.int16]
type Bools = NDArray[np.bool_]
type Records = np.ndarray[tuple[int], np.dtype[np.void]]

#: A stored fact with when it was known: the columns of geo.coverage.PassFacts, with the edge's id in place of its
#: position. superseded_us is FOREVER of geo.store.bulk while it holds.
FACT = np.dtype(
    [
        ("edge_id", "i8"), ("from_m", "f8"), ("to_m", "f8"), ("began_us", "i8"), ("ended_us", "i8"),
        ("recorded_us", "i8"), ("superseded_us", "i8"), ("trace", "i8"), ("pass_id", "i8"), ("seq", "i4"),
        ("source", "i4"), ("confidence", "f4"), ("kind", "i1"), ("treatment", "i1"), ("work_basis", "i1"),
        ("synthetic", "i1"),
    ]
)  # fmt: skip
_NEVER = np.iinfo(np.int64).min
#: Sets of passes that cover an edge: sure ones that take snow off, these and less sure ones, these and unknown work,
#: and then sure ones of each treatment that is named.
SURE, WEAK, POSSIBLE, NAMED = range(4)
N_SETS = NAMED + len(TREATMENTS)
#: Traces told apart on an edge that needs several passes; more are not laid, which keeps more facts than are needed.
MOST_TRACES = 64


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, in microseconds: facts that began at reference_us or later, ended by as_of_us, as known at
    known_us; a pass counts from confidence_min on."""

    reference_us: int
    as_of_us: int
    known_us: int
    confidence_min: float


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of E edges after some facts were looked at; each look adds to it.

    whole_us   (N_SETS, E) the edge is covered whole by passes of each set that ended then or later
    last_us    (2, E) end of the newest fact, and of the newest pass
    synthetic  (E,) whether a kept fact is
    """

    whole_us: Ints
    last_us: Ints
    synthetic: Bools

    @staticmethod
    def nothing(n_edges: int) -> Found:
        """Nothing was looked at yet."""
        return Found(np.full((N_SETS, n_edges), _NEVER), np.full((2, n_edges), _NEVER), np.zeros(n_edges, np.bool_))


def sets_of(facts: Records) -> Ints16:
    """(Q,) bits of the sets that each fact may be in, however sure it is: SURE, POSSIBLE, and those of treatments."""
    worked = (facts["kind"] == PASS) & (facts["work_basis"] != BASIS_UNKNOWN)
    treatment = facts["treatment"].astype(np.int64)
    bits = np.where(worked & CLEARS[treatment + 1], 1 << SURE, 0) | np.where(facts["kind"] == UNKNOWN, 1 << POSSIBLE, 0)
    bits |= np.where(worked & (treatment >= 0), 1 << (NAMED + treatment.clip(0)), 0)
    return bits.astype(np.int16)


def mark_needed(
    facts: Records,
    superseded_us: Ints,
    groups: tuple[Ints, Ints, Ints, Ints16],
    edges: tuple[Floats, Ints],
    has_synthetic: bool,
    asked: Asked,
    found: Found,
) -> Bools:
    """(Q,) which of some facts can decide; True for those on edges at position -1 as far as they are asked for.

    facts          (Q,) FACT, grouped by edge, each group from the newest end to the oldest
    superseded_us  (Q,) in place of the column of that name
    groups         (G + 1,) first fact of each group; (G,) position of its edge or -1; (G,) its newest end; (G,) bits of
                   the sets that its facts may be in
    edges          (E,) metres, and (E,) how many passes each needs
    has_synthetic  whether any of the facts is
    found          is added to. Looks at newer facts first make it quick; any order is right
    """
    keep = np.zeros(len(facts), np.bool_)
    span = (asked.reference_us, asked.as_of_us, asked.known_us)
    what = (np.float64(asked.confidence_min), CLEARS, TOUCH_M, has_synthetic)
    of = (found.whole_us, found.last_us, found.synthetic)
    widest = int(np.diff(groups[0]).max(initial=0))
    _mark(facts, superseded_us, groups, edges, span, what, of, np.zeros((N_SETS, 2, widest + 1)), keep)
    return keep


@numba.njit(nogil=True, cache=True)
def _is_over(at_us: int, e: int, bits: int, whole_us: Ints, last_us: Ints) -> bool:
    """Whether no fact of these sets that ended by a moment can decide about an edge."""
    if at_us >= last_us[0, e] or (bits & ~(1 << POSSIBLE) and at_us >= last_us[1, e]):
        return False
    for k in range(N_SETS):
        if bits >> k & 1 and at_us >= max(whole_us[k, e], whole_us[SURE, e] if k == POSSIBLE else _NEVER):
            return False
    return True


@numba.njit(nogil=True, cache=True)
def _mark(
    facts: Records,
    superseded_us: Ints,
    groups: tuple[Ints, Ints, Ints, Ints16],
    edges: tuple[Floats, Ints],
    span: tuple[int, int, int],
    what: tuple[float, Bools, float, bool],
    of: tuple[Ints, Ints, Bools],
    held: Floats,
    keep: Bools,
) -> None:
    """mark_needed; held (N_SETS, 2, widest + 1): room for the covered stretches of an edge, lower and upper ends."""
    reference_us, as_of_us, known_us = span
    confidence_min, clears, touch_m, has_synthetic = what
    first, position, newest_us, bits = groups
    whole_us, last_us, synthetic = of
    n_held, laid = np.zeros(N_SETS, np.int64), np.zeros(N_SETS, np.int64)
    traces, n_traces = np.zeros((N_SETS, MOST_TRACES), np.int64), np.zeros((N_SETS, 2), np.int64)
    for group in range(len(position)):
        e = position[group]
        looks_for_synthetic = has_synthetic and e >= 0 and not synthetic[e]
        if e >= 0 and not looks_for_synthetic and _is_over(newest_us[group], e, bits[group], whole_us, last_us):
            continue
        n_held[:], laid[:], n_traces[:] = 0, 0, 0
        for i in range(first[group], first[group + 1]):
            fact = facts[i]
            if fact.ended_us > as_of_us or fact.began_us < reference_us:
                continue
            if fact.recorded_us > known_us or superseded_us[i] <= known_us:
                continue
            if e < 0:
                keep[i] = True
                continue
            if not (has_synthetic and not synthetic[e]) and _is_over(fact.ended_us, e, bits[group], whole_us, last_us):
                break
            for j in range(2 if fact.kind == PASS else 1):
                if fact.ended_us >= last_us[j, e]:
                    keep[i], last_us[j, e] = True, fact.ended_us
            if fact.synthetic and not synthetic[e]:
                keep[i], synthetic[e] = True, True
            for k in range(N_SETS):
                if not _is_in(k, fact, confidence_min, clears) or fact.ended_us < whole_us[k, e]:
                    continue
                keep[i] |= k in (SURE, fact.treatment + NAMED) or fact.ended_us >= whole_us[SURE, e]
                needed = edges[1][e] if k < NAMED else 1
                n_held[k], is_whole = _add(fact, held[k], n_held[k], traces[k], n_traces[k], edges[0][e], touch_m)
                if is_whole:
                    n_held[k], laid[k], n_traces[k, 0] = 0, laid[k] + 1, n_traces[k, 1]
                    whole_us[k, e] = fact.ended_us if laid[k] >= needed else whole_us[k, e]


@numba.njit(nogil=True, cache=True)
def _is_in(k: int, fact: Any, confidence_min: float, clears: Bools) -> bool:
    """Whether a fact is in a set; as geo.coverage.clears and geo.treatments.works ask."""
    if fact.kind == UNKNOWN:
        return k == POSSIBLE
    if fact.kind != PASS or fact.work_basis == BASIS_UNKNOWN:
        return False
    if k == SURE or k >= NAMED:
        is_named = clears[fact.treatment + 1] if k == SURE else fact.treatment == k - NAMED
        return bool(is_named and np.float64(fact.confidence) >= confidence_min)
    return bool(clears[fact.treatment + 1])


@numba.njit(nogil=True, cache=True)
def _add(
    fact: Any, held: Floats, n: int, traces: Ints, n_traces: Ints, length_m: float, touch_m: float
) -> tuple[int, bool]:
    """Lay a fact over the n stretches of the present layer; how many there are then, and whether they are the edge.

    traces    of the layers, n_traces[0] of earlier ones and n_traces[1] in all; a trace lays into one layer alone, so
              that each layer is another traversal
    """
    for t in range(n_traces[0]):
        if traces[t] == fact.trace:
            return n, False
    if n_traces[1] == len(traces):
        return n, False
    traces[n_traces[1]] = fact.trace
    n_traces[1] += 1
    n = _lay(held, n, max(fact.from_m, 0.0), min(fact.to_m, length_m), touch_m)
    return n, bool((held[1, :n] - held[0, :n]).sum() >= length_m - touch_m)


@numba.njit(nogil=True, cache=True)
def _lay(held: Floats, n: int, low: float, high: float, touch_m: float) -> int:
    """Lay a stretch over the n that are held, in no order; how many are held then. As geo.coverage lays them."""
    if high - low <= touch_m:
        return n
    i = 0
    while i < n:
        if held[0, i] <= high + touch_m and held[1, i] >= low - touch_m:
            low, high = min(low, held[0, i]), max(high, held[1, i])
            n -= 1
            held[0, i], held[1, i] = held[0, n], held[1, n]
            i = 0
            continue
        i += 1
    held[0, n], held[1, n] = low, high
    return n + 1


def neighbours_of(facts: Records, superseded_us: Ints, by_trace: Ints, trace: Ints, seq: Ints, known_us: int) -> Ints:
    """Positions of the facts, as known at known_us, that come just before or after (n,) others in their trace.

    by_trace  (Q,) positions of the facts by trace and seq
    """
    wanted = np.concatenate([seq - 1, seq + 1])
    return np.unique(_find(facts, superseded_us, by_trace, np.concatenate([trace, trace]), wanted, known_us))


@numba.njit(nogil=True, cache=True)
def _find(facts: Records, superseded_us: Ints, by_trace: Ints, trace: Ints, seq: Ints, known_us: int) -> Ints:
    found = np.empty(len(trace), np.int64)
    n = 0
    for w in range(len(trace)):
        low, high = 0, len(by_trace)
        while low < high:
            middle = (low + high) // 2
            fact = facts[by_trace[middle]]
            if fact.trace < trace[w] or (fact.trace == trace[w] and fact.seq < seq[w]):
                low = middle + 1
            else:
                high = middle
        while low < len(by_trace):
            i = by_trace[low]
            if facts[i].trace != trace[w] or facts[i].seq != seq[w]:
                break
            if facts[i].recorded_us <= known_us and superseded_us[i] > known_us:
                found[n] = i
                n += 1
                break
            low += 1
    return found[:n]
