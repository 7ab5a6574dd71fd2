"""How sure each link and fix is, from the posteriors of the lattice.

A link is on the path when any way between the two fixes around it leads over it, whichever of its ends a fix was
taken for. So the ways of all likely arcs between the same two fixes are counted, not only the chosen one. Where the
roads draw a street twice (geo.matching.twins), a way over the other line is a way over this one.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from geo.matching.kernel import kernel
from geo.matching.path import search_again
from geo.matching.settings import MatchSettings

type Floats = NDArray[np.float64]

#: A leg whose chosen arc is surer than this is not looked at closer.
SURE = 0.98
#: Arcs less likely than this change nothing that is shown.
UNLIKELY = 0.01


def calibrated(posterior: Floats, settings: MatchSettings) -> Floats:
    """Share of traversals with this posterior that are right: logistic in its log-odds (Platt 1999).

    Fitted on drives with known routes, with and without noise (benchmarks/bench_confidence.py).
    Costs count neighbouring fixes as if they erred apart, and the map as if it were complete, so the posterior itself
    is no such share.
    """
    p = np.clip(posterior, 1e-6, 1.0 - 1e-6)
    log_odds = settings.calibration_offset + settings.calibration_slope * np.log(p / (1.0 - p))
    share: Floats = 1.0 / (1.0 + np.exp(-log_odds))
    return share


@kernel
def _is_one_street(twin, a, b):  # type: ignore[no-untyped-def]  # numba kernel
    """Whether two edges are one, or two lines of one street."""
    return a == b or twin[a] == b or twin[b] == a


@kernel
def state_confidence(states, n_states, chain, state_log, twin):  # type: ignore[no-untyped-def]  # numba kernel
    """Probability that the fix of each state of the chain is on the edge of the state; twin as in Twins.edge."""
    of_state = np.zeros(len(chain))
    for c in range(len(chain)):
        s = chain[c]
        t = s
        # states of one fix follow each other
        while t > 0 and states[t - 1].fix == states[s].fix:
            t -= 1
        while t < n_states and states[t].fix == states[s].fix:
            if _is_one_street(twin, states[t].edge, states[s].edge):
                of_state[c] += math.exp(state_log[t])
            t += 1
        of_state[c] = min(of_state[c], 1.0)
    return of_state


@kernel
def _add_way(work, twin, links, first, last, a, b, parent, share, of_link):  # type: ignore[no-untyped-def]  # numba kernel
    """Adds `share` to the links first to last that the way from state a to state b leads over."""
    for k in range(first, last + 1):
        edge = links[k].edge
        is_on = _is_one_street(twin, edge, a.edge) or _is_one_street(twin, edge, b.edge)
        e = parent
        while not is_on and e >= 0:
            is_on = _is_one_street(twin, edge, e)
            e = work.label[e].parent
        if is_on:
            of_link[k] += share


@kernel
def _leg_confidence(  # type: ignore[no-untyped-def]
    roads, work, constants, seen, states, arcs, first_arc, a, b, arc_log, twin, links, first, last, of_link
):
    """Sets of_link of the links first to last: probability that the path between two fixes leads over each."""
    for k in range(first, last + 1):
        of_link[k] = 0.0
    i = first_arc
    while i < len(arcs) and states[arcs[i].head].fix == b.fix:
        tail, head = states[arcs[i].tail], states[arcs[i].head]
        share = math.exp(arc_log[i])
        if tail.fix == a.fix and share > UNLIKELY:
            fix = seen[b.fix]
            straight_m = math.sqrt((fix.x - seen[a.fix].x) ** 2 + (fix.y - seen[a.fix].y) ** 2)
            most_m = straight_m + arcs[i].nats * (constants.beta_m + constants.beta_fraction * straight_m)
            found = search_again(roads, work, constants, tail, head, most_m, b.pace)
            # the arc of a break has no way, and what an earlier search left behind is none
            if found.route_m < math.inf:
                _add_way(work, twin, links, first, last, tail, head, found.parent, share, of_link)
        i += 1


@kernel
def link_confidence(roads, work, constants, seen, states, arcs, chain, stand, of_state, arc_log, twin, links, n_links):  # type: ignore[no-untyped-def]
    """(n_links,) probability of each link: the greatest of the fixes on it and of the legs that lead over it."""
    confidence, of_link = np.zeros(n_links), np.zeros(n_links)
    i = 0
    for c in range(len(chain)):
        b, last = states[chain[c]], stand[c].link
        confidence[last] = max(confidence[last], of_state[c])
        while i < len(arcs) and states[arcs[i].head].fix < b.fix:
            i += 1
        if c == 0 or math.isinf(b.route_m):
            continue
        chosen, j = 0.0, i
        while j < len(arcs) and states[arcs[j].head].fix == b.fix:
            if arcs[j].head == chain[c] and arcs[j].tail == chain[c - 1]:
                chosen = math.exp(arc_log[j])
            j += 1
        first = stand[c - 1].link
        if chosen > SURE:
            for k in range(first, last + 1):
                of_link[k] = chosen
        else:
            a = states[chain[c - 1]]
            _leg_confidence(
                roads, work, constants, seen, states, arcs, i, a, b, arc_log, twin, links, first, last, of_link
            )
        for k in range(first, last + 1):
            confidence[k] = min(max(confidence[k], of_link[k]), 1.0)
    return confidence
