"""Open traces that were matched as a whole, taken on as live ones."""

from __future__ import annotations

import numpy as np

from geo.live_trace import FACT, LiveTrace
from geo.matching.online import OnlineMatcher
from geo.matching.online_open import OpenTrips
from geo.network import Network
from geo.store.facts import Part


def adopt(part: Part, open_trips: OpenTrips, matcher: OnlineMatcher, network: Network) -> list[LiveTrace]:
    """The open ones of the traces of a part as live traces; their stepped states are taken from `open_trips`."""
    traces, found = part.traces, []
    for t in np.flatnonzero(part.provisional).tolist():
        a, b = int(traces.start[t]), int(traces.start[t + 1])
        vehicle = int(traces.vehicle[t])
        trip = open_trips.give_up(vehicle, b - a)
        if trip is None:
            continue
        at_us, (x, y) = traces.fixes.at_us[a:b], traces.xy[b - 1].tolist()
        passes = part.passes.select(part.passes.trace == t)
        facts = np.zeros(len(passes), FACT)
        for name in FACT.names or ():
            facts[name] = getattr(passes, name)
        live = LiveTrace(
            vehicle, int(part.trace_id[t]), trip, at_us.copy(), part.work.code[a:b], (int(at_us[-1]), x, y), (x, y),
            facts, int(at_us[0]), b - a, int(at_us[-1]),
        )  # fmt: skip
        first = int(passes.traversal[0]) if len(passes) else 0
        live.settle(np.bincount(passes.traversal - first).astype(np.int64))
        found.append(live)
    return found
