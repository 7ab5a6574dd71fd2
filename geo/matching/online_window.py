"""Keeps the window of online matching short: where all ways agree, what of it can go, and what is folded away."""

from __future__ import annotations

import math

import numpy as np

from geo.matching.arrays import ACTIVE, ARC, Records
from geo.matching.kernel import kernel
from geo.matching.online_state import OnlineState


@kernel
def common_state(states, active):  # type: ignore[no-untyped-def]  # numba kernel
    """Latest state that the cheapest ways to all active states lead through; -1 if there is none."""
    is_on, n = np.zeros(len(states), np.bool_), 0
    for i in range(len(active)):
        if not is_on[active[i].state]:
            is_on[active[i].state] = True
            n += 1
    for s in range(len(states) - 1, -1, -1):
        if not is_on[s]:
            continue
        if n == 1:
            return s
        back = states[s].back
        if back < 0:
            return -1
        if is_on[back]:
            n -= 1
        is_on[back] = True
    return -1


@kernel
def last_until(states, s, fix):  # type: ignore[no-untyped-def]  # numba kernel
    """Last state not after a fix on the cheapest way to state s; -1 if there is none."""
    while s >= 0 and states[s].fix > fix:
        s = states[s].back
    return s


@kernel
def agreeing(states, active, fix, chosen):  # type: ignore[no-untyped-def]  # numba kernel
    """The active states whose way is in state `chosen` (-1 none) when it passes a fix."""
    out, n = np.empty(len(active), ACTIVE), 0
    for i in range(len(active)):
        if last_until(states, active[i].state, fix) == chosen:
            out[n] = active[i]
            n += 1
    return out[:n]


@kernel
def cut_arcs(arcs, start_nats, first, heat):  # type: ignore[no-untyped-def]  # numba kernel
    """Costs of starting in the states from `first` on when those before are gone, and the arcs between them.

    The sums over all ways stay what they were: what came over an arc that is cut now starts at its head. Both count
    from `first`.
    """
    n = len(start_nats)
    forward, start = -start_nats / heat, -start_nats / heat
    kept, n_kept = np.empty(len(arcs), ARC), 0
    for i in range(len(arcs)):
        tail, head = arcs[i].tail, arcs[i].head
        over = forward[tail] - arcs[i].nats / heat
        forward[head] = np.logaddexp(forward[head], over)
        if tail < first <= head:
            start[head] = np.logaddexp(start[head], over)
        elif tail >= first:
            kept[n_kept] = arcs[i]
            kept[n_kept].tail, kept[n_kept].head = tail - first, head - first
            n_kept += 1
    out = np.empty(n - first)
    for s in range(first, n):
        out[s - first] = -heat * start[s] if start[s] > -math.inf else math.inf
    return out, kept[:n_kept].copy()


def take_back(state: OnlineState) -> None:
    """Undoes the decoding of the newest fix where it was only for now."""
    if not state.is_tentative:
        return
    progress = state.base_progress
    n_states, n_arcs = int(progress["n_states"][0]), int(progress["n_arcs"][0])
    state.states, state.start_nats, state.arcs = (
        state.states[:n_states],
        state.start_nats[:n_states],
        state.arcs[:n_arcs],
    )
    state.progress, state.active = progress, state.base_active
    state.base_progress, state.base_active = progress[:0], state.active[:0]
    state.seen["n_near"][-1] = -1


def anchor(state: OnlineState, chosen: int, heat: float) -> None:
    """Makes a state, which all active ones come from, the anchor, and forgets what is before its fix.

    From now on a path can only start anew by a break.
    """
    first = int(np.searchsorted(state.states["fix"], state.states["fix"][chosen]))
    start, arcs = cut_arcs(state.arcs, state.start_nats, first, heat)
    states, active, progress = state.states[first:].copy(), state.active.copy(), state.progress.copy()
    shift = int(states["fix"][0])
    states["back"] = np.maximum(states["back"] - first, -1)
    states["fix"] -= shift
    active["state"] -= first
    progress["n_states"], progress["n_arcs"], progress["start_nats"] = len(states), len(arcs), np.inf
    progress["last_fix"] -= shift
    state.states, state.start_nats, state.arcs, state.active, state.progress = states, start, arcs, active, progress
    state.seen, state.note = state.seen[shift:].copy(), state.note[shift:].copy()
    state.note["number"][0], state.note["n"][0] = counted(state.note)[0], 0
    state.head["anchor"] = chosen - first


def fold(state: OnlineState) -> None:
    """Halves the fixes that no state explains: every second one of them goes into the one before it, and counts there.

    Neither the first, the last, nor the last decoded fix is folded; nor a decided one into one that is not, or back.
    """
    n = len(state.seen)
    is_free = np.ones(n, np.bool_)
    is_free[state.states["fix"]] = False
    is_free[[0, n - 1, max(int(state.progress["last_fix"][0]), 0)]] = False
    keep = _fold(state.seen, state.note, is_free)
    place = np.cumsum(keep) - 1
    state.states["fix"] = place[state.states["fix"]]
    if state.progress["last_fix"][0] >= 0:
        state.progress["last_fix"] = place[state.progress["last_fix"]]
    state.seen, state.note = state.seen[keep], state.note[keep]


@kernel
def _fold(seen, note, is_free):  # type: ignore[no-untyped-def]  # numba kernel
    """(w,) whether each fix stays; those that stay count those that go."""
    keep = np.ones(len(seen), np.bool_)
    for i in range(1, len(seen)):
        if is_free[i] and keep[i - 1] and note[i].is_decided == note[i - 1].is_decided:
            keep[i] = False
            note[i - 1].n += note[i].n
            if seen[i].n_near == 0 and seen[i - 1].n_near < 0:
                # a break over it still knows that there was no road
                seen[i - 1].n_near = 0
    return keep


def counted(note: Records) -> Records:
    """(w,) number of the last fix that each fix of the window stands for."""
    last: Records = note["number"] + np.maximum(note["n"] - 1, 0)
    return last
