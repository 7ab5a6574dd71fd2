"""Open traces of many vehicles: each new fix is stepped onto what is kept of its trace, if that is still its beginning.

A cache and nothing else: stepping the new fixes gives what stepping all of them gives, so whatever is not kept, or no
longer true, is stepped from the start, and the outcome is the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from geo.matching.candidates import GridIndex
from geo.matching.online import OnlineMatcher
from geo.matching.online_decode import FixColumns
from geo.matching.online_trip import OnlineTrip, columns_of
from geo.matching.trip import Trip
from geo.network import Network
from geo.trace import Traces

#: Vehicles kept at once; the one that was longest silent goes first. About 50 kB each.
MOST_VEHICLES = 10_000


@dataclass(frozen=True, slots=True)
class _Kept:
    """A beginning of a trace: a digest of its fixes, and what was stepped of it."""

    digest: bytes
    trip: OnlineTrip


class OpenTrips:
    """What is kept of the open traces of one process. For one thread at a time."""

    def __init__(self) -> None:
        self._index: GridIndex | None = None
        self._matcher: OnlineMatcher | None = None
        self._kept: dict[int, list[_Kept]] = {}
        self.n_stepped = 0

    def trips(self, network: Network, index: GridIndex, traces: Traces, is_open: np.ndarray) -> dict[int, Trip]:
        """The outcomes of the open ones of some traces, by position; vehicles of the others are kept no longer."""
        matcher = self.matcher_of(network, index)
        for vehicle in traces.vehicle[~is_open].tolist():
            self._kept.pop(vehicle, None)
        found = {t: self._step(matcher, traces, t) for t in np.flatnonzero(is_open).tolist()}
        for vehicle in list(self._kept)[: max(len(self._kept) - MOST_VEHICLES, 0)]:
            del self._kept[vehicle]
        return found

    def give_up(self, vehicle: int, n_fixes: int) -> OnlineTrip | None:
        """Hands over what is kept of a vehicle's trace of so many fixes, and keeps nothing more of it."""
        kept = self._kept.pop(vehicle, [])
        return next((one.trip for one in kept if one.trip.n == n_fixes), None)

    def matcher_of(self, network: Network, index: GridIndex) -> OnlineMatcher:
        """The matcher of a network; what was kept on another one is thrown away."""
        matcher = self._matcher
        if matcher is None or self._index is not index or matcher.network_version != network.version:
            self._kept.clear()
            matcher = self._matcher = OnlineMatcher(index, network.version)
            self._index = index
        return matcher

    def _step(self, matcher: OnlineMatcher, traces: Traces, t: int) -> Trip:
        """Steps what is new of a trace. It is kept without its last fix too: cleaning may still drop that one."""
        columns, vehicle = columns_of(traces, t, matcher.settings), int(traces.vehicle[t])
        n, kept = len(columns), self._kept.pop(vehicle, [])
        usable = [one for one in kept if one.trip.n <= n and one.digest == _digest(columns.part(0, one.trip.n))]
        trip = max((one.trip for one in usable), key=lambda one: one.n, default=OnlineTrip(matcher.start())).copy()
        begun = trip.n
        self.n_stepped += n - begun
        keep = [one for one in usable if one.trip.n == n - 1]
        for end in (n - 1, n):
            if trip.n < end:
                trip.run(matcher, columns.part(trip.n, end))
                keep.append(_Kept(_digest(columns.part(0, end)), trip.copy()))
        self._kept[vehicle] = keep or usable
        return trip.trip(matcher)


def _digest(columns: FixColumns) -> bytes:
    """A digest of all that matching reads of fixes."""
    whole = hashlib.blake2b(digest_size=16)
    for name in columns.__slots__:
        whole.update(np.ascontiguousarray(getattr(columns, name)).tobytes())
    return whole.digest()
