"""Runs the decoder over the fixes of one trace: candidates, their emission, the ways between them, the beam."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.matching.candidates import find_candidates
from geo.matching.emission import emission
from geo.matching.transition import search, set_targets, transition_nats
from geo.matching.viterbi import with_room

type Floats = NDArray[np.float64]
type Ints32 = NDArray[np.int32]


class Seen(NamedTuple):
    """The k fixes of one trace as the kernel reads them.

    x_m, y_m      (k,) plane metres
    at_s          (k,) seconds since the first fix of the trace
    sigma_m       (k,) spread of the distance to the road
    head_x, head_y  (k,) unit vector of the heading; (0, 0) unknown
    used          (u,) fixes that are decoded, ascending; the others lie too close to one of them
    """

    x_m: Floats
    y_m: Floats
    at_s: Floats
    sigma_m: Floats
    head_x: Floats
    head_y: Floats
    used: Ints32


class Active(NamedTuple):
    """Up to M states from which the next fix may be reached, cheapest first: state in the lattice and its cost."""

    state: Ints32
    nats: Floats


class Step(NamedTuple):
    """What one step finds: best way to each candidate, and all arcs into them (M states times M candidates).

    nats, back, route_m  (M,) of each candidate
    arc_from, arc_to, arc_nats  arcs from a state of the lattice to a candidate
    state     (M,) state of the lattice that the candidate became; -1 not within the beam
    """

    nats: Floats
    back: Ints32
    route_m: Floats
    arc_from: Ints32
    arc_to: Ints32
    arc_nats: Floats
    state: Ints32


def new_active(size: int) -> Active:
    """Room for `size` states."""
    return Active(np.empty(size, np.int32), np.empty(size))


def new_step(n_active: int, n_candidates: int) -> Step:
    """Room for one step."""
    n_arcs = (n_active + 1) * n_candidates
    return Step(
        nats=np.empty(n_candidates), back=np.empty(n_candidates, np.int32), route_m=np.empty(n_candidates),
        arc_from=np.empty(n_arcs, np.int32), arc_to=np.empty(n_arcs, np.int32), arc_nats=np.empty(n_arcs),
        state=np.empty(n_candidates, np.int32),
    )  # fmt: skip


@njit(nogil=True, cache=True, boundscheck=False)
def _insert_active(active, n, room, state, nats):  # type: ignore[no-untyped-def]  # numba kernel
    """Inserts a state into the n active ones, cheapest first; the dearest falls out when there is no room."""
    if n == room:
        if nats >= active.nats[n - 1]:
            return n
        n -= 1
    i = n
    while i > 0 and active.nats[i - 1] > nats:
        active.state[i], active.nats[i] = active.state[i - 1], active.nats[i - 1]
        i -= 1
    active.state[i], active.nats[i] = state, nats
    return n + 1


@njit(nogil=True, cache=True, boundscheck=False)
def _start_step(constants, roads, found, n, step):  # type: ignore[no-untyped-def]  # numba kernel
    """Every candidate starts a path; on an edge against a one-way that costs what entering it costs."""
    for c in range(n):
        extra = 0.0 if roads.is_open[found.edge[c]] else constants.against_m / constants.beta_m
        step.nats[c], step.back[c], step.route_m[c] = found.nats[c] + extra, -1, math.inf


@njit(nogil=True, cache=True, boundscheck=False)
def _relax_from(  # type: ignore[no-untyped-def]
    roads, work, constants, seen, lattice, found, n, step, n_arcs, state, nats, f, least_nats, best_nats, disc_m,
):  # fmt: skip
    """All ways from one active state to the candidates of fix f."""
    g = lattice.fix[state]
    x, y = seen.x_m[f], seen.y_m[f]
    straight_m = math.hypot(x - seen.x_m[g], y - seen.y_m[g])
    beta_m = constants.beta_m + constants.beta_fraction * straight_m
    slack_m = 3.0 * (seen.sigma_m[f] + seen.sigma_m[g]) + constants.uturn_edge_m
    max_route_m = constants.max_speed_mps * max(seen.at_s[f] - seen.at_s[g], 1.0) + slack_m
    jitter_m = constants.jitter_sigmas * seen.sigma_m[f]
    best_nats = search(
        roads, work, constants, found, n, lattice.edge[state], lattice.pos_m[state], x, y, disc_m, jitter_m,
        nats, straight_m, beta_m, best_nats, constants.beam_nats, least_nats, max_route_m,
    )  # fmt: skip
    for c in range(n):
        route_m = found.route_m[c]
        if route_m > max_route_m:
            continue
        total = nats + transition_nats(route_m, straight_m, beta_m) + found.nats[c]
        if total < step.nats[c]:
            step.nats[c], step.back[c], step.route_m[c] = total, state, route_m
        if total <= best_nats + constants.beam_nats:
            step.arc_from[n_arcs], step.arc_to[n_arcs] = state, c
            step.arc_nats[n_arcs] = total - lattice.nats[state]
            n_arcs += 1
    return n_arcs, best_nats


@njit(nogil=True, cache=True, boundscheck=False)
def _break_step(constants, roads, lattice, found, n, step, n_arcs, active):  # type: ignore[no-untyped-def]  # numba kernel
    """Lets every candidate start a new path after the cheapest active state, at the price of a break."""
    base = active.nats[0] + constants.break_nats
    for c in range(n):
        extra = 0.0 if roads.is_open[found.edge[c]] else constants.against_m / constants.beta_m
        total = base + found.nats[c] + extra
        if total < step.nats[c]:
            step.nats[c], step.back[c], step.route_m[c] = total, active.state[0], math.inf
            step.arc_from[n_arcs], step.arc_to[n_arcs] = active.state[0], c
            step.arc_nats[n_arcs] = total - lattice.nats[active.state[0]]
            n_arcs += 1
    return n_arcs


@njit(nogil=True, cache=True, boundscheck=False)
def _append(lattice, n_states, n_arcs, found, n, step, n_new_arcs, f, limit):  # type: ignore[no-untyped-def]
    """Appends the candidates within the limit as states, with the arcs into them."""
    for c in range(n):
        step.state[c] = -1
        if step.nats[c] <= limit:
            step.state[c] = n_states
            lattice.fix[n_states], lattice.edge[n_states] = f, found.edge[c]
            lattice.pos_m[n_states], lattice.nats[n_states] = found.pos_m[c], step.nats[c]
            lattice.back[n_states], lattice.route_m[n_states] = step.back[c], step.route_m[c]
            n_states += 1
    for a in range(n_new_arcs):
        to = step.state[step.arc_to[a]]
        if to >= 0:
            lattice.arc_from[n_arcs], lattice.arc_to[n_arcs] = step.arc_from[a], to
            lattice.arc_nats[n_arcs] = step.arc_nats[a]
            n_arcs += 1
    return n_states, n_arcs


@njit(nogil=True, cache=True, boundscheck=False)
def _skip_price(constants, after_s, is_burst):  # type: ignore[no-untyped-def]  # numba kernel
    """Price of leaving out a fix that comes after_s after any other one; in a burst the last one is out too."""
    near = constants.skip_more_nats if is_burst else constants.skip_nats
    share = min(after_s / constants.skip_far_s, 1.0)
    return near + share * (constants.skip_far_nats - near)


@njit(nogil=True, cache=True, boundscheck=False)
def _candidates_of(roads, work, constants, seen, found, f):  # type: ignore[no-untyped-def]  # numba kernel
    """Candidates of fix f within a radius that grows only while there is none; their number and the radius."""
    radius_m = max(constants.radius_m, constants.radius_sigmas * seen.sigma_m[f])
    n = 0
    while True:
        n = find_candidates(roads, work, found, seen.x_m[f], seen.y_m[f], radius_m, constants.max_roads)
        if n > 0 or radius_m >= constants.max_radius_m:
            return n, radius_m
        radius_m *= 2.0


@njit(nogil=True, cache=True, boundscheck=False)
def decode(roads, work, constants, seen, found, step, active, spare, lattice, near):  # type: ignore[no-untyped-def]
    """Fills the lattice over the fixes in seen.used.

    near  (u,) is set to the number of candidates of each used fix.
    Returns the lattice, the numbers of states and arcs, and the active states at the end with their number.
    """
    n_states, n_arcs, n_active = 0, 0, 0
    room = len(active.state)
    last_fix = -1
    for u in range(len(seen.used)):
        f = seen.used[u]
        n, radius_m = _candidates_of(roads, work, constants, seen, found, f)
        near[u] = n
        if n == 0:
            continue
        least = emission(
            found, n, seen.sigma_m[f], seen.head_x[f], seen.head_y[f],
            constants.heading_kappa, constants.heading_floor,
        )  # fmt: skip
        n_new_arcs, best = 0, math.inf
        if n_active == 0:
            _start_step(constants, roads, found, n, step)
        else:
            best = active.nats[0] + constants.break_nats + least
            for c in range(n):
                step.nats[c] = math.inf
            set_targets(work, found, n)
            for i in range(n_active):
                if active.nats[i] + least > best + constants.beam_nats:
                    break
                n_new_arcs, best = _relax_from(
                    roads, work, constants, seen, lattice, found, n, step, n_new_arcs,
                    active.state[i], active.nats[i], f, least, best, radius_m,
                )  # fmt: skip
            n_new_arcs = _break_step(constants, roads, lattice, found, n, step, n_new_arcs, active)
        for c in range(n):
            best = min(best, step.nats[c])
        limit = best + constants.beam_nats
        lattice = with_room(lattice, n_states, n_arcs, n, n_new_arcs)
        first = n_states
        n_states, n_arcs = _append(lattice, n_states, n_arcs, found, n, step, n_new_arcs, f, limit)
        n_spare = 0
        for s in range(first, n_states):
            n_spare = _insert_active(spare, n_spare, room, s, lattice.nats[s])
        for i in range(n_active):
            is_burst = lattice.fix[active.state[i]] != last_fix
            nats = active.nats[i] + _skip_price(constants, seen.at_s[f] - seen.at_s[f - 1], is_burst)
            if nats <= limit:
                n_spare = _insert_active(spare, n_spare, room, active.state[i], nats)
        last_fix = f
        active, spare, n_active = spare, active, n_spare
    return lattice, n_states, n_arcs, active, n_active
