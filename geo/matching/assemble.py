"""通過区間: turns the links of a path into traversals with times, counts and confidence, without touches."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Ints32 = NDArray[np.int32]
type Bools = NDArray[np.bool_]


class Rows(NamedTuple):
    """R traversals of one trace; fixes count from the start of the trace.

    from_m, to_m are along digitising; entered_s and left_s are seconds since the first fix of the trace.
    """

    edge: Ints32
    from_m: Floats
    to_m: Floats
    entered_s: Floats
    left_s: Floats
    confidence: Floats
    n_fixes: Ints32
    first_fix: Ints32
    last_fix: Ints32


@njit(nogil=True, cache=True)
def chain_confidence(lattice, n_states, n_arcs, chain, state_log, arc_log):  # type: ignore[no-untyped-def]
    """Probability of the edge of each state in the chain, and of the arc that leads to it (1 for the first)."""
    best_arc = np.full(n_states, -1, np.int64)
    for a in range(n_arcs):
        if lattice.arc_from[a] == lattice.back[lattice.arc_to[a]]:
            best_arc[lattice.arc_to[a]] = a
    of_state, of_arc = np.empty(len(chain)), np.ones(len(chain))
    for c in range(len(chain)):
        s = chain[c]
        total = 0.0
        # states of one fix follow each other
        for step in (-1, 1):
            t = s if step > 0 else s - 1
            while 0 <= t < n_states and lattice.fix[t] == lattice.fix[s]:
                if lattice.edge[t] == lattice.edge[s]:
                    total += math.exp(state_log[t])
                t += step
        of_state[c] = min(total, 1.0)
        if c > 0 and best_arc[s] >= 0:
            of_arc[c] = min(math.exp(arc_log[best_arc[s]]), 1.0)
    return of_state, of_arc


@njit(nogil=True, cache=True)
def link_confidence(n_links, on_link, of_state, of_arc, is_break):  # type: ignore[no-untyped-def]  # numba kernel
    """Confidence of each link: the best of the states that stand on it and of the arcs that lead over it."""
    confidence = np.zeros(n_links)
    for c in range(len(on_link)):
        confidence[on_link[c]] = max(confidence[on_link[c]], of_state[c])
        if c > 0 and not is_break[c]:
            for k in range(on_link[c - 1], on_link[c] + 1):
                confidence[k] = max(confidence[k], of_arc[c])
    return confidence


@njit(nogil=True, cache=True)
def _is_partial(roads, links, k, touch_m):  # type: ignore[no-untyped-def]  # numba kernel
    """Whether link k is shorter than touch_m and does not cover its whole edge."""
    driven_m = links.to_m[k] - links.from_m[k]
    return driven_m < touch_m and driven_m < roads.length_m[links.edge[k] >> 1] - 1e-6


@njit(nogil=True, cache=True)
def without_touches(roads, links, n_links, touch_m):  # type: ignore[no-untyped-def]  # numba kernel
    """(n_links,) whether a link is movement and not a touch.

    A touch has no length, or is a short partial link at an end of a part of the path, or a short way into an edge
    and back out of it. A link that covers its whole edge is never one, because the path needs it.
    """
    keep = np.ones(n_links, np.bool_)
    for k in range(n_links):
        is_first = k == 0 or links.part[k - 1] != links.part[k]
        is_last = k + 1 == n_links or links.part[k + 1] != links.part[k]
        if links.to_m[k] - links.from_m[k] < 1e-3 or ((is_first or is_last) and _is_partial(roads, links, k, touch_m)):
            keep[k] = False
        is_back = not is_last and links.edge[k + 1] == links.edge[k] ^ 1
        if is_back and links.from_m[k] < 1e-6 and _is_partial(roads, links, k, touch_m):
            leaves_m = roads.length_m[links.edge[k] >> 1]
            if links.to_m[k + 1] > leaves_m - 1e-6 and _is_partial(roads, links, k + 1, touch_m):
                keep[k] = keep[k + 1] = False
    return keep


@njit(nogil=True, cache=True)
def leave_points(links, n_links, placed):  # type: ignore[no-untyped-def]  # numba kernel
    """Moves the fixes of links without length, which are ends of other edges at a node, onto the link beside."""
    for f in range(len(placed.link)):
        k = placed.link[f]
        if k < 0 or links.to_m[k] - links.from_m[k] >= 1e-3:
            continue
        before, after = k - 1, k + 1
        while before >= 0 and links.to_m[before] - links.from_m[before] < 1e-3:
            before -= 1
        while after < n_links and links.to_m[after] - links.from_m[after] < 1e-3:
            after += 1
        if before >= 0 and links.part[before] == links.part[k]:
            placed.link[f], placed.pos_m[f] = before, links.to_m[before]
        elif after < n_links and links.part[after] == links.part[k]:
            placed.link[f], placed.pos_m[f] = after, links.from_m[after]


@njit(nogil=True, cache=True)
def _fix_ranges(n_links, placed):  # type: ignore[no-untyped-def]  # numba kernel
    """Number, first and last of the fixes on each link; links without any get the fixes before and after."""
    n_fixes = np.zeros(n_links, np.int32)
    first, last = np.full(n_links, -1, np.int32), np.full(n_links, -1, np.int32)
    for f in range(len(placed.link)):
        k = placed.link[f]
        if k >= 0:
            n_fixes[k] += 1
            last[k] = f
            if first[k] < 0:
                first[k] = f
    before = np.int32(0)
    for k in range(n_links):
        if n_fixes[k] > 0:
            before = last[k]
        else:
            first[k] = before
    after = np.int32(len(placed.link) - 1)
    for k in range(n_links - 1, -1, -1):
        if n_fixes[k] > 0:
            after = first[k]
        else:
            last[k] = after
    return n_fixes, first, last


@njit(nogil=True, cache=True)
def _times(links, n_links, placed, at_s):  # type: ignore[no-untyped-def]  # numba kernel
    """Seconds at which each link is entered and left, linear in metres between the fixes before and after."""
    entered, left = np.zeros(n_links), np.zeros(n_links)
    known = np.flatnonzero(placed.link >= 0)
    u = 0
    for k in range(n_links):
        for is_end in range(2):
            at_m = links.at_m[k] + (links.to_m[k] - links.from_m[k] if is_end else 0.0)
            while u + 1 < len(known) and (
                placed.at_m[known[u + 1]] < at_m or links.part[placed.link[known[u + 1]]] < links.part[k]
            ):
                u += 1
            a = known[u]
            b = known[min(u + 1, len(known) - 1)]
            if links.part[placed.link[a]] < links.part[k]:
                seconds = at_s[b]
            elif links.part[placed.link[b]] > links.part[k] or placed.at_m[b] <= placed.at_m[a]:
                seconds = at_s[a]
            else:
                share = (at_m - placed.at_m[a]) / (placed.at_m[b] - placed.at_m[a])
                seconds = at_s[a] + min(max(share, 0.0), 1.0) * (at_s[b] - at_s[a])
            if is_end:
                left[k] = max(seconds, entered[k])
            else:
                entered[k] = max(seconds, left[k - 1] if k > 0 else seconds)
    return entered, left


@njit(nogil=True, cache=True)
def assemble(roads, seen, links, n_links, placed, confidence, touch_m):  # type: ignore[no-untyped-def]  # numba kernel
    """The traversals of one trace, in driving order."""
    keep = without_touches(roads, links, n_links, touch_m)
    n_fixes, first, last = _fix_ranges(n_links, placed)
    entered, left = _times(links, n_links, placed, seen.at_s)
    chosen = np.flatnonzero(keep)
    from_m, to_m = np.empty(len(chosen)), np.empty(len(chosen))
    for r in range(len(chosen)):
        k = chosen[r]
        length_m = roads.length_m[links.edge[k] >> 1]
        a, b = max(links.from_m[k], 0.0), min(links.to_m[k], length_m)
        if links.edge[k] & 1:
            a, b = length_m - b, length_m - a
        from_m[r], to_m[r] = a, b
    return Rows(
        links.edge[:n_links][chosen], from_m, to_m, entered[chosen], left[chosen], confidence[chosen],
        n_fixes[chosen], first[chosen], last[chosen],
    )  # fmt: skip
