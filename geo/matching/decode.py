"""Runs the decoder over the fixes of one trace: candidates, their emission, the ways between them, the beam."""

from __future__ import annotations

import math

import numpy as np

from geo.matching.candidates import find_candidates
from geo.matching.emission import emission
from geo.matching.kernel import kernel
from geo.matching.transition import search, set_targets, transition_nats
from geo.matching.viterbi import with_arc_room, with_room


@kernel
def insert_active(active, n, state, nats):  # type: ignore[no-untyped-def]  # numba kernel
    """Inserts a state into the n active ones, cheapest first; the dearest falls out when there is no room."""
    if n == len(active):
        if nats >= active[n - 1].nats:
            return n
        n -= 1
    i = n
    while i > 0 and active[i - 1].nats > nats:
        active[i] = active[i - 1]
        i -= 1
    active[i].state, active[i].nats = state, nats
    return n + 1


@kernel
def _start_nats(edges, constants, candidate):  # type: ignore[no-untyped-def]  # numba kernel
    """Cost of starting a path at a candidate; on an edge against a one-way it is dearer."""
    return candidate.nats + (0.0 if edges[candidate.edge].is_open != 0 else constants.against_start_nats)


@kernel
def _aim_from(aim, constants, a, b, nats):  # type: ignore[no-untyped-def]  # numba kernel
    """Sets the aim for the ways from fix a, at a cost of nats so far, to the candidates of fix b."""
    aim.x, aim.y, aim.base_nats = b.x, b.y, nats
    aim.straight_m = math.sqrt((b.x - a.x) ** 2 + (b.y - a.y) ** 2)
    aim.beta_m = constants.beta_m + constants.beta_fraction * aim.straight_m
    aim.nats_per_m = 1.0 / aim.beta_m
    aim.pull = 1.0
    slack_m = 3.0 * (a.sigma_m + b.sigma_m) + constants.uturn_edge_m
    aim.pace = max(aim.straight_m - 2.0 * b.sigma_m, 0.0) / max(b.at_s - a.at_s, 1.0)
    aim.max_m = constants.max_speed_mps * max(b.at_s - a.at_s, 1.0) + slack_m
    aim.jitter_m = constants.jitter_sigmas * b.sigma_m


@kernel
def _take_ways(found, n, arcs, n_arcs, tail, tail_nats, aim, beam_nats):  # type: ignore[no-untyped-def]
    """Takes the ways that a search found from state `tail`: the best one to each target, and all arcs in the beam."""
    for c in range(n):
        target = found[c]
        if target.route_m > aim.max_m:
            continue
        total = aim.base_nats + transition_nats(target.route_m, aim.straight_m, aim.nats_per_m) + target.nats
        if total < target.total:
            target.total, target.back, target.back_m, target.back_pace = total, tail, target.route_m, aim.pace
        if total <= aim.best_nats + beam_nats:
            arcs[n_arcs].tail, arcs[n_arcs].head, arcs[n_arcs].nats = tail, c, total - tail_nats
            n_arcs += 1
    return n_arcs


@kernel
def _start_paths(edges, found, constants, states, n, arcs, n_arcs, active, run):  # type: ignore[no-untyped-def]
    """Lets every candidate start a path; returns the new number of arcs.

    A first path starts at run.start_nats, the price of the fixes before it. A new one starts after the cheapest state
    at the price of a break, which pays for all fixes between: they were off the network, however many they are.
    """
    tail, base = np.int64(-1), math.inf
    for i in range(run.n_active):
        if states[active[i].state].nats < base:
            tail, base = active[i].state, states[active[i].state].nats
    for c in range(n):
        nats = _start_nats(edges, constants, found[c])
        if run.start_nats + nats < found[c].total:
            found[c].total, found[c].back, found[c].back_m = run.start_nats + nats, np.int64(-1), math.inf
        total = base + constants.break_nats + nats
        if total < found[c].total:
            found[c].total, found[c].back, found[c].back_m = total, tail, math.inf
            arcs[n_arcs].tail, arcs[n_arcs].head, arcs[n_arcs].nats = tail, c, total - base
            n_arcs += 1
    return n_arcs


@kernel
def _append_states(found, states, n_states, n, f, limit):  # type: ignore[no-untyped-def]  # numba kernel
    """Appends the candidates within the limit as states; returns the new number of states."""
    for c in range(n):
        found[c].state = -1
        if found[c].total <= limit:
            found[c].state = n_states
            state = states[n_states]
            state.fix, state.edge, state.pos_m = f, found[c].edge, found[c].pos_m
            state.nats, state.back, state.route_m = found[c].total, found[c].back, found[c].back_m
            state.pace = found[c].back_pace
            n_states += 1
    return n_states


@kernel
def _append_arcs(found, new, n_new, arcs, n_arcs):  # type: ignore[no-untyped-def]  # numba kernel
    """Appends the new arcs into candidates that became states; returns the new number of arcs."""
    for a in range(n_new):
        head = found[new[a].head].state
        if head >= 0:
            arcs[n_arcs].tail, arcs[n_arcs].head, arcs[n_arcs].nats = new[a].tail, head, new[a].nats
            n_arcs += 1
    return n_arcs


@kernel
def _skip_price(constants, after_s, is_burst):  # type: ignore[no-untyped-def]  # numba kernel
    """Price of leaving out a fix that comes after_s after any other one; in a burst the last one is out too."""
    near = constants.skip_more_nats if is_burst else constants.skip_nats
    share = min(after_s / constants.skip_far_s, 1.0)
    return near + share * (constants.skip_far_nats - near)


@kernel
def _next_active(active, spare, constants, states, first, run, after_s, limit):  # type: ignore[no-untyped-def]
    """Puts the new states, and the active ones at the price of a skip, into `active`; returns their number."""
    n = np.int64(0)
    for s in range(first, run.n_states):
        n = insert_active(spare, n, s, states[s].nats)
    for i in range(run.n_active):
        state = active[i].state
        nats = active[i].nats + _skip_price(constants, after_s, states[state].fix != run.last_fix)
        if nats <= limit:
            n = insert_active(spare, n, state, nats)
    for i in range(n):
        active[i] = spare[i]
    return n


@kernel
def _reach_fix(roads, work, constants, states, seen, f, run):  # type: ignore[no-untyped-def]
    """Finds the cheapest way and all arcs to each candidate of fix f; the number of arcs and the best total."""
    n, n_arcs = seen[f].n_near, np.int64(0)
    aim, found, active = work.aim[0], work.found, work.active
    aim.least_nats = emission(found, n, seen[f], constants.heading_kappa, constants.heading_floor)
    aim.best_nats = run.start_nats + aim.least_nats
    for c in range(n):
        found[c].total, found[c].back_pace = math.inf, 0.0
    if run.n_active > 0:
        aim.best_nats = min(aim.best_nats, active[0].nats + constants.break_nats + aim.least_nats)
        set_targets(work.label, found, work.counter, n)
    for i in range(run.n_active):
        if active[i].nats + aim.least_nats > aim.best_nats + constants.beam_nats:
            break
        state = states[active[i].state]
        _aim_from(aim, constants, seen[state.fix], seen[f], active[i].nats)
        # the costs of ways from different fixes are no sums of the same terms
        aim.merge_nats = constants.merge_nats if state.fix == run.last_fix else math.inf
        search(roads, work, constants, n, state.edge, state.pos_m, aim)
        n_arcs = _take_ways(found, n, work.arc, n_arcs, active[i].state, state.nats, aim, constants.beam_nats)
    n_arcs = _start_paths(roads.edge, found, constants, states, n, work.arc, n_arcs, active, run)
    best = math.inf
    for c in range(n):
        best = min(best, found[c].total)
    return n_arcs, best


@kernel
def advance(roads, work, constants, seen, f, after_s, states, arcs, progress):  # type: ignore[no-untyped-def]
    """Decodes fix f, which comes after_s after the fix before it: its states, arcs, and the new work.active.

    progress  (1,) PROGRESS, brought up to date
    Returns states and arcs, which may be longer copies.
    """
    run = progress[0]
    # a place further off costs more than leaving the fix out
    radius_m = seen[f].sigma_m * math.sqrt(2.0 * _skip_price(constants, after_s, False))
    n = find_candidates(roads, work, seen[f].x, seen[f].y, radius_m, constants.max_roads)
    seen[f].n_near = n
    n_new, best = _reach_fix(roads, work, constants, states, seen, f, run)
    states = with_room(states, run.n_states, n)
    arcs = with_arc_room(arcs, run.n_arcs, n_new)
    limit, first = best + constants.beam_nats, run.n_states
    run.n_states = _append_states(work.found, states, first, n, f, limit)
    run.n_arcs = _append_arcs(work.found, work.arc, n_new, arcs, run.n_arcs)
    run.n_active = _next_active(work.active, work.spare, constants, states, first, run, after_s, limit)
    run.start_nats += _skip_price(constants, after_s, run.last_fix >= 0)
    run.last_fix = f
    return states, arcs


@kernel
def decode(roads, work, constants, seen, used, states, arcs, progress):  # type: ignore[no-untyped-def]
    """Fills the lattice over the fixes in `used`, positions in seen, and leaves the last states in work.active.

    progress  (1,) PROGRESS of new_progress()
    Returns states and arcs, which may be longer copies.
    """
    for u in range(len(used)):
        f = used[u]
        after_s = seen[f].at_s - seen[f - 1].at_s if f > 0 else 0.0
        states, arcs = advance(roads, work, constants, seen, f, after_s, states, arcs, progress)
    return states, arcs
