"""The decoder: it knows states, arcs and costs, and nothing of roads.

A state is one candidate of one fix that survived the beam. Arcs lead from earlier to later states, over one fix
or, at the price of skipping, over several. Both are appended in order of time, so that every pass over the
lattice is one pass over flat arrays.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Floats32 = NDArray[np.float32]
type Ints32 = NDArray[np.int32]


class Lattice(NamedTuple):
    """Room for S states and A arcs; the kernels return a larger one when it is full.

    fix      (S,) which fix the state explains; ascending
    edge     (S,) directed edge
    pos_m    (S,) metres from the start of the edge, in its own direction
    nats     (S,) least cost of all ways to the state, its emission included
    back     (S,) state before it on that way; -1 the first one
    route_m  (S,) cost in metres of the way from there; inf across a break
    arc_from, arc_to  (A,) states; arc_to ascends fix by fix
    arc_nats (A,) cost of the arc with the emission of arc_to
    """

    fix: Ints32
    edge: Ints32
    pos_m: Floats
    nats: Floats
    back: Ints32
    route_m: Floats
    arc_from: Ints32
    arc_to: Ints32
    arc_nats: Floats32


def new_lattice(n_states: int, n_arcs: int) -> Lattice:
    """Room for n_states states and n_arcs arcs."""
    return Lattice(
        fix=np.empty(n_states, np.int32),
        edge=np.empty(n_states, np.int32),
        pos_m=np.empty(n_states),
        nats=np.empty(n_states),
        back=np.empty(n_states, np.int32),
        route_m=np.empty(n_states),
        arc_from=np.empty(n_arcs, np.int32),
        arc_to=np.empty(n_arcs, np.int32),
        arc_nats=np.empty(n_arcs, np.float32),
    )


@njit(nogil=True, cache=True)
def _longer(old, n, wanted):  # type: ignore[no-untyped-def]  # numba kernel
    new = np.empty(wanted, old.dtype)
    new[:n] = old[:n]
    return new


@njit(nogil=True, cache=True)
def with_room(lattice, n_states, n_arcs, more_states, more_arcs):  # type: ignore[no-untyped-def]  # numba kernel
    """The same lattice, or a copy twice as long where `more` would not fit any longer."""
    if n_states + more_states > len(lattice.fix):
        size = 2 * (n_states + more_states)
        lattice = Lattice(
            _longer(lattice.fix, n_states, size), _longer(lattice.edge, n_states, size),
            _longer(lattice.pos_m, n_states, size), _longer(lattice.nats, n_states, size),
            _longer(lattice.back, n_states, size), _longer(lattice.route_m, n_states, size),
            lattice.arc_from, lattice.arc_to, lattice.arc_nats,
        )  # fmt: skip
    if n_arcs + more_arcs > len(lattice.arc_from):
        size = 2 * (n_arcs + more_arcs)
        lattice = Lattice(
            lattice.fix, lattice.edge, lattice.pos_m, lattice.nats, lattice.back, lattice.route_m,
            _longer(lattice.arc_from, n_arcs, size), _longer(lattice.arc_to, n_arcs, size),
            _longer(lattice.arc_nats, n_arcs, size),
        )  # fmt: skip
    return lattice


@njit(nogil=True, cache=True)
def best_chain(lattice, last):  # type: ignore[no-untyped-def]  # numba kernel
    """States of the cheapest way that ends in state `last`, in order of time."""
    n, s = 0, last
    while s >= 0:
        n += 1
        s = lattice.back[s]
    chain = np.empty(n, np.int32)
    s = last
    for i in range(n - 1, -1, -1):
        chain[i] = s
        s = lattice.back[s]
    return chain


@njit(nogil=True, cache=True)
def _log_add(a, b):  # type: ignore[no-untyped-def]  # numba kernel
    if a < b:
        a, b = b, a
    return a if b == -math.inf or b < a - 30.0 else a + math.log1p(math.exp(b - a))


@njit(nogil=True, cache=True)
def posteriors(lattice, n_states, n_arcs, start_nats, end_nats, heat):  # type: ignore[no-untyped-def]
    """Forward and backward sums over all ways through the lattice (Rabiner 1989).

    start_nats  (n_states,) cost of starting in a state; inf where no way starts
    end_nats    (n_states,) cost of ending in it; inf where no way ends
    heat        all costs are divided by it: fixes near each other err together, so their costs count too often
    Returns the log probability of each state and of each arc.
    """
    forward = np.full(n_states, -math.inf)
    backward = np.full(n_states, -math.inf)
    for s in range(n_states):
        forward[s] = -start_nats[s] / heat
        backward[s] = -end_nats[s] / heat
    for a in range(n_arcs):
        j = lattice.arc_to[a]
        forward[j] = _log_add(forward[j], forward[lattice.arc_from[a]] - lattice.arc_nats[a] / heat)
    total = -math.inf
    for s in range(n_states):
        if backward[s] > -math.inf:
            total = _log_add(total, forward[s] + backward[s])
    for a in range(n_arcs - 1, -1, -1):
        i = lattice.arc_from[a]
        backward[i] = _log_add(backward[i], backward[lattice.arc_to[a]] - lattice.arc_nats[a] / heat)
    arc = np.empty(n_arcs)
    for a in range(n_arcs):
        arc[a] = forward[lattice.arc_from[a]] - lattice.arc_nats[a] / heat + backward[lattice.arc_to[a]] - total
    return forward + backward - total, arc
