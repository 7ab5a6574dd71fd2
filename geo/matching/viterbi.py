"""The decoder: it knows states, arcs and costs, and nothing of roads.

A state is one candidate of one fix that survived the beam. Arcs lead from earlier to later states, over one fix
or, at the price of skipping, over several. Both are appended in order of time, so that every pass over the
lattice is one pass over flat arrays.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.matching.arrays import ARC, PROGRESS
from geo.matching.kernel import kernel

type Records = NDArray[Any]


#: A state. fix: which fix it explains; edge and pos_m: where, in the direction of the edge; nats: least cost of all
#: ways to it, its emission included; back: state before it on that way, -1 the first; route_m: metres of the way
#: from there, inf across a break; pace: m/s that the two fixes ask for.
STATE = np.dtype(
    [("pos_m", "f8"), ("nats", "f8"), ("route_m", "f8"), ("pace", "f8"), ("fix", "i8"), ("edge", "i8"), ("back", "i8")],
    align=True,
)


def new_lattice(n_states: int, n_arcs: int) -> tuple[Records, Records]:
    """Room for n_states states and n_arcs arcs."""
    return np.empty(n_states, STATE), np.empty(n_arcs, ARC)


def new_progress() -> Records:
    """(1,) PROGRESS before the first fix."""
    progress = np.zeros(1, PROGRESS)
    progress["last_fix"] = -1
    return progress


@kernel
def with_room(states, n, more):  # type: ignore[no-untyped-def]  # numba kernel
    """The states, or a copy twice as long where `more` would not fit any longer."""
    if n + more <= len(states):
        return states
    longer = np.empty(2 * (n + more), STATE)
    for i in range(n):
        longer[i] = states[i]
    return longer


@kernel
def with_arc_room(arcs, n, more):  # type: ignore[no-untyped-def]  # numba kernel
    """The arcs, or a copy twice as long where `more` would not fit any longer."""
    if n + more <= len(arcs):
        return arcs
    longer = np.empty(2 * (n + more), ARC)
    for i in range(n):
        longer[i] = arcs[i]
    return longer


@kernel
def best_chain(states, last):  # type: ignore[no-untyped-def]  # numba kernel
    """States of the cheapest way that ends in state `last`, in order of time."""
    n, s = 0, last
    while s >= 0:
        n += 1
        s = states[s].back
    chain = np.empty(n, np.int64)
    s = last
    for i in range(n - 1, -1, -1):
        chain[i] = s
        s = states[s].back
    return chain


@kernel
def _log_add(a, b):  # type: ignore[no-untyped-def]  # numba kernel
    if a < b:
        a, b = b, a
    return a if b == -math.inf or b < a - 30.0 else a + math.log1p(math.exp(b - a))


@kernel
def posteriors(arcs, n_arcs, start_nats, end_nats, heat):  # type: ignore[no-untyped-def]  # numba kernel
    """Forward and backward sums over all ways through the lattice (Rabiner 1989).

    start_nats  (S,) cost of starting in a state; inf where no way starts
    end_nats    (S,) cost of ending in it; inf where no way ends
    heat        all costs are divided by it: fixes near each other err together, so their costs count too often
    Returns the log probability of each state and of each arc.
    """
    n_states = len(start_nats)
    forward, backward = -start_nats / heat, -end_nats / heat
    for a in range(n_arcs):
        arc = arcs[a]
        forward[arc.head] = _log_add(forward[arc.head], forward[arc.tail] - arc.nats / heat)
    total = -math.inf
    for s in range(n_states):
        if backward[s] > -math.inf:
            total = _log_add(total, forward[s] + backward[s])
    for a in range(n_arcs - 1, -1, -1):
        arc = arcs[a]
        backward[arc.tail] = _log_add(backward[arc.tail], backward[arc.head] - arc.nats / heat)
    of_arc = np.empty(n_arcs)
    for a in range(n_arcs):
        arc = arcs[a]
        of_arc[a] = forward[arc.tail] - arc.nats / heat + backward[arc.head] - total
    return forward + backward - total, of_arc
