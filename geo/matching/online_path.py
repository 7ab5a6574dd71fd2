"""Lays the window of online matching on the network, and cuts off what is confirmed of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.matching.arrays import Records, Scratch
from geo.matching.assemble import POINT_M, ROW, leave_points, link_rows, without_touches
from geo.matching.candidates import GridIndex
from geo.matching.confidence import calibrated, link_confidence, state_confidence
from geo.matching.online_state import HELD, OnlineState
from geo.matching.online_window import counted
from geo.matching.path import LINK, extend_links
from geo.matching.place import place_fixes
from geo.matching.settings import MatchSettings
from geo.matching.trip import breaks_of_chain
from geo.matching.turnback import reach_turns
from geo.matching.viterbi import best_chain, posteriors

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

#: A link is decided when two more have begun: then it is known whether the next one leads back out of a touch.
LINKS_AFTER = 2
#: Links held at most: decided ones are only kept to find the one before a link without length.
MAX_HELD = 8


@dataclass(frozen=True, slots=True)
class Laid:
    """The cheapest way through the window, driven on from the links that are held.

    chain   (c,) its states, the anchor first
    links   (n,) LINK, those held first; stand (c,) STAND; placed (w,) PLACED of each fix of the window
    of_link, of_fix  posterior of each link, and confidence of each fix
    """

    chain: Ints
    links: Records
    stand: Records
    placed: Records
    of_link: Floats
    of_fix: Floats

    @property
    def edge(self) -> Ints:
        """(w,) edge position of each fix; -1 unmatched."""
        link = self.placed["link"]
        return np.where(link >= 0, self.links["edge"][link], -1)


def lay(index: GridIndex, work: Scratch, constants: np.void, state: OnlineState, settings: MatchSettings) -> Laid:
    """Lays the window of a state that has active states: what offline matching says of the same fixes."""
    roads, twin, states, seen = index.roads, index.twins.edge, state.states, state.seen
    chain = best_chain(states, state.active["state"][0])
    n_held = len(state.links)
    links = np.empty(n_held + 4 * len(chain) + 8, LINK)
    links[:n_held] = state.links
    here_m = float(state.head["here_m"][0])
    links, n, stand = extend_links(roads, work, constants, states, chain, links, np.int64(n_held), here_m)
    reach_turns(roads, seen, states, chain, links, n, stand)
    placed = place_fixes(roads, constants, seen, states, chain, links, stand, settings.min_move_m)
    leave_points(links, n, placed)
    end_nats = np.full(len(states), np.inf)
    end_nats[state.active["state"]] = state.active["nats"] - states["nats"][state.active["state"]]
    state_log, arc_log = posteriors(state.arcs, len(state.arcs), state.start_nats, end_nats, settings.heat)
    of_state = state_confidence(states, len(states), chain, state_log, twin)
    of_link = link_confidence(
        roads, work, constants, seen, states, state.arcs, chain, stand, of_state, arc_log, twin, links, n
    )
    of_link[:n_held] = np.maximum(of_link[:n_held], state.held["row"]["confidence"])
    of_fix = np.where(placed["link"] >= 0, of_link[placed["link"]], 0.0)
    of_fix[states["fix"][chain]] = of_state
    of_fix = np.where(placed["link"] >= 0, calibrated(of_fix, settings), 0.0)
    return Laid(chain, links[:n], stand, placed, of_link, of_fix)


def upto(laid: Laid, c: int, state: OnlineState) -> Laid:
    """The part of what is laid that ends at state number c of the chain, and the fixes up to its own."""
    n = int(laid.stand["link"][c]) + 1
    links = laid.links[:n].copy()
    links["to_m"][-1] = laid.stand["pos_m"][c]
    last_fix = int(state.states["fix"][laid.chain[c]])
    placed = laid.placed[: last_fix + 1].copy()
    placed["link"] = np.minimum(placed["link"], n - 1)
    return Laid(laid.chain[: c + 1], links, laid.stand[: c + 1], placed, laid.of_link[:n], laid.of_fix[: last_fix + 1])


def rows_of(index: GridIndex, laid: Laid, state: OnlineState) -> Records:
    """(n,) ROW of all links laid; those held go on with what they had. Fixes by their number."""
    k, n_held = len(laid.placed), len(state.held)
    note = state.note[:k]
    rows: Records = link_rows(index.roads, state.seen[:k], laid.links, len(laid.links), laid.placed, laid.of_link)
    link = laid.placed["link"]
    n_fixes = np.bincount(link[link >= 0], note["n"][link >= 0], len(rows)).astype(np.int64)
    rows["n_fixes"], rows["first_fix"] = n_fixes, note["number"][rows["first_fix"]]
    rows["last_fix"] = counted(note)[rows["last_fix"]]
    if n_held == 0:
        return rows
    before, now = state.held["row"], rows[:n_held]
    is_new = now["n_fixes"] > 0
    now["first_fix"] = np.where((before["n_fixes"] > 0) | ~is_new, before["first_fix"], now["first_fix"])
    now["last_fix"] = np.where(is_new, now["last_fix"], before["last_fix"])
    now["n_fixes"] += before["n_fixes"]
    now["entered_s"] = before["entered_s"]
    now["left_s"][:-1] = before["left_s"][:-1]
    now["left_s"][-1] = max(now["left_s"][-1], before["left_s"][-1])
    return rows


def revisable(index: GridIndex, laid: Laid, state: OnlineState, settings: MatchSettings) -> Records:
    """(R,) ROW: the traversals that are not given out yet, as far as they are known."""
    rows = rows_of(index, laid, state)
    keep = without_touches(index.roads, laid.links, len(laid.links), settings.touch_m)
    keep[: len(state.held)] &= state.held["is_out"] == 0
    return _sure(rows[keep], settings)


def hold(index: GridIndex, laid: Laid, state: OnlineState, settings: MatchSettings) -> Records:
    """Makes a confirmed path the held one of the state, and gives out its traversals that are decided now."""
    n, rows = len(laid.links), rows_of(index, laid, state)
    is_out = np.zeros(n, np.bool_)
    is_out[: len(state.held)] = state.held["is_out"] != 0
    is_due = ~is_out & (np.arange(n) < n - LINKS_AFTER)
    out = rows[is_due & without_touches(index.roads, laid.links, n, settings.touch_m)]
    is_out |= is_due
    is_long = laid.links["to_m"] - laid.links["from_m"] >= POINT_M
    first = max(int(np.flatnonzero(is_out & is_long).max(initial=0)), n - MAX_HELD)
    held = np.zeros(n - first, HELD)
    held["row"], held["is_out"] = rows[first:], is_out[first:]
    state.links, state.held = laid.links[first:].copy(), held
    state.head["here_m"] = laid.stand["pos_m"][-1]
    return _sure(out, settings)


def _sure(rows: Records, settings: MatchSettings) -> Records:
    """The rows with their confidence in place of their posterior."""
    rows["confidence"] = calibrated(rows["confidence"], settings)
    return rows


def breaks_of(laid: Laid, state: OnlineState, max_speed_mps: float) -> Ints:
    """(B, 3) numbers of the fixes before and after each break of the chain, and its reason."""
    breaks = breaks_of_chain(state.seen, state.states[laid.chain], max_speed_mps)
    breaks[:, :2] = state.note["number"][breaks[:, :2]]
    return breaks


def nothing() -> tuple[Any, Any]:
    """No traversals and no breaks."""
    return np.zeros(0, ROW), np.zeros((0, 3), np.int64)
