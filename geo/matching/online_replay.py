"""Replays traces through online matching: what was known of each fix, and of the path up to it, some fixes later."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geo.matching.arrays import Records
from geo.matching.assemble import ROW
from geo.matching.candidates import GridIndex
from geo.matching.collect import collect
from geo.matching.matcher import MATCHER_VERSION
from geo.matching.online import OnlineMatcher
from geo.matching.online_result import FIX_PLACE, Known, OnlineSettings
from geo.matching.online_trip import OnlineTrip, fixes_of, spread
from geo.matching.path import PLACED
from geo.matching.result import Matched
from geo.matching.settings import MatchSettings
from geo.matching.trip import Trip
from geo.network import Network
from geo.trace import Traces, TraceSettings

type Floats = NDArray[np.float64]


def replay(
    network: Network, index: GridIndex, traces: Traces, lag: int, settings: MatchSettings | None = None
) -> Matched:
    """What online matching knew of every trace, each fix as it stood when `lag` more fixes of the trace had come.

    A traversal is what was known of that stretch of the path when its fixes were so old: stretches that were known
    otherwise before and after do not join. Fixes are decided no sooner than `lag` decoded fixes later.
    """
    online = OnlineSettings()
    patience = max(online.lag or 0, lag)
    online = replace(online, lag=patience, max_fixes=max(online.max_fixes, 4 * patience))
    # cleaning has taken the teleports out
    matcher = OnlineMatcher(index, network.version, settings, online, TraceSettings(slack_m=math.inf))
    trips = (_replay_trip(matcher, traces, t, lag, network.length_m) for t in range(len(traces)))
    return collect(traces, network.length_m, trips, network.version, MATCHER_VERSION)


def _replay_trip(matcher: OnlineMatcher, traces: Traces, t: int, lag: int, length_m: Floats) -> Trip:
    trip, known = OnlineTrip(matcher.start()), _Replayed(traces, t, length_m)
    for j, fix in enumerate(fixes_of(traces, t, matcher.settings)):
        step = trip.step(matcher, fix)
        known.give_out(step.fixes, step.traversals)
        if j >= lag:
            known.learn(j - lag, matcher.tail(trip.state))
    whole = matcher.tail(trip.state)
    for i in range(max(known.n - lag, 0), known.n):
        known.learn(i, whole)
    return replace(known.trip(), breaks=trip.trip(matcher).breaks)


@dataclass(slots=True)
class _Piece:
    """A stretch of one edge, metres along digitising."""

    edge: int
    from_m: float
    to_m: float
    entered_s: float
    left_s: float
    confidence: float


class _Replayed:
    """What is known of one trace: a place for each fix, and the path so far in pieces."""

    def __init__(self, traces: Traces, t: int, length_m: Floats) -> None:
        first, end = int(traces.start[t]), int(traces.start[t + 1])
        at_us = traces.fixes.at_us[first:end]
        self.n, self.at_s, self._length_m = end - first, (at_us - at_us[0]) / 1e6, length_m
        self._decided, self._known = np.zeros(self.n, FIX_PLACE), np.zeros(self.n, FIX_PLACE)
        self._rows: Records = np.zeros(0, ROW)
        self._pieces: list[_Piece] = []
        self._done_s = -np.inf

    def give_out(self, fixes: Records, rows: Records) -> None:
        """Takes what a step gave out."""
        single = spread(fixes)
        self._decided[single["number"]] = single
        self._rows = np.concatenate([self._rows[self._rows["left_s"] >= self._done_s], rows])

    def learn(self, i: int, tail: Known) -> None:
        """Keeps what is known now of fix i, and of the path up to it."""
        first = max(i - 1, 0)
        near, single = self._decided[first : i + 1].copy(), spread(tail.fixes)
        is_near = (single["number"] >= first) & (single["number"] <= i)
        near[single["number"][is_near] - first] = single[is_near]
        self._known[i] = near[-1]
        for row in np.concatenate([self._rows, tail.traversals]):
            self._drive(row, i, near)

    def _drive(self, row: np.void, i: int, near: Records) -> None:
        """Appends the part of a row between the moment that pieces reach and fix i."""
        until_s = float(self.at_s[i])
        if row["left_s"] <= self._done_s or row["entered_s"] > until_s:
            return
        from_s, to_s = max(float(row["entered_s"]), self._done_s), min(float(row["left_s"]), until_s)
        a, b = self._at(row, from_s, i, near), self._at(row, to_s, i, near)
        if abs(a - b) < 1e-6:
            return
        self._done_s = to_s
        last = self._pieces[-1] if self._pieces else None
        if last is not None and last.edge == row["edge"] and last.left_s == from_s:
            last.from_m, last.to_m = min(last.from_m, a, b), max(last.to_m, a, b)
            last.left_s, last.confidence = to_s, max(last.confidence, float(row["confidence"]))
            return
        edge, confidence = int(row["edge"]), float(row["confidence"])
        self._pieces.append(_Piece(edge, min(a, b), max(a, b), from_s, to_s, confidence))

    def _at(self, row: np.void, at_s: float, i: int, near: Records) -> float:
        """Metres along digitising where a row is at a moment: at a fix where it lies, else in proportion."""
        a, b = float(row["from_m"]), float(row["to_m"])
        if row["edge"] & 1:
            a, b = b, a
        if at_s in (row["entered_s"], row["left_s"]):
            return a if at_s == row["entered_s"] else b
        for place in near:
            if self.at_s[place["number"]] == at_s and place["edge"] == row["edge"]:
                pos_m = float(place["pos_m"])
                along_m = float(self._length_m[row["edge"] >> 1]) - pos_m if row["edge"] & 1 else pos_m
                return min(max(along_m, min(a, b)), max(a, b))
        return a + (b - a) * (at_s - float(row["entered_s"])) / float(row["left_s"] - row["entered_s"])

    def trip(self) -> Trip:
        """The outcome; breaks are left out."""
        rows = np.zeros(len(self._pieces), ROW)
        for row, piece in zip(rows, self._pieces, strict=True):
            for name in _Piece.__slots__:
                row[name] = getattr(piece, name)
        edge = self._known["edge"]
        for row in rows:
            a, b = np.searchsorted(self.at_s, row["entered_s"]), np.searchsorted(self.at_s, row["left_s"], "right")
            own = np.flatnonzero(edge[a:b] == row["edge"]) + a
            row["n_fixes"] = len(own)
            row["first_fix"], row["last_fix"] = (own[0], own[-1]) if len(own) else (max(a - 1, 0), min(b, self.n - 1))
        placed = np.zeros(self.n, PLACED)
        placed["pos_m"], placed["off_m"] = self._known["pos_m"], self._known["off_m"]
        confidence = self._known["confidence"].copy()
        return Trip(rows, placed, edge.astype(np.int32), confidence, np.zeros((0, 3), np.int64))
