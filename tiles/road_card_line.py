"""Where a plough was at work on a route, seen from one of its edges: no clock, no database."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Stretch:
    """An edge of a plough route. Nodes in the direction of travel; worked_at None: no work that is late enough."""

    edge_id: int
    length_m: float
    from_node: int
    to_node: int
    worked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """A plough route as the card of one of its roads needs it.

    n_earlier      routes of the same manager and municipality with an earlier deadline that are not done
    earlier_class  their class; None: there is none, or they are of several
    """

    stretches: tuple[Stretch, ...] = ()
    n_earlier: int = 0
    earlier_class: str | None = None

    @staticmethod
    def of(row: Mapping[str, Any]) -> Line:
        """The line of a row of road_card_route.sql."""
        names = ("edge_id", "length_m", "from_node", "to_node", "worked_at")
        columns: list[Sequence[Any]] = [row[name] or () for name in names]
        stretches = tuple(Stretch(*values) for values in zip(*columns, strict=True))
        return Line(stretches, row["n_earlier"], row["earlier_class"])

    def newest_work(self) -> datetime | None:
        """When the newest of the works was; None: there is none."""
        return max((s.worked_at for s in self.stretches if s.worked_at is not None), default=None)


@dataclass(frozen=True, slots=True)
class Work:
    """Work before an edge: metres from the end of the edge that was worked on to the begin of this one, and when."""

    distance_m: float
    worked_at: datetime


def work_before(line: Line, edge_id: int, ahead_m: float) -> Work | None:
    """The nearest work within so many metres before an edge, along the route and against its direction; None: there is
    none. Nobody turns round on the way: a plough that comes back on the other side does not come towards this edge.

    Dijkstra's search from the edge backwards, over edges, since what may come before an edge depends on it.
    """
    by_id = {stretch.edge_id: stretch for stretch in line.stretches}
    into: dict[int, list[Stretch]] = {}
    for stretch in line.stretches:
        into.setdefault(stretch.to_node, []).append(stretch)
    if edge_id not in by_id:
        return None
    queue: list[tuple[float, int]] = [(0.0, edge_id)]
    seen: set[int] = set()
    while queue:
        distance_m, at = heapq.heappop(queue)
        if at in seen or distance_m > ahead_m:
            continue
        seen.add(at)
        here = by_id[at]
        if at != edge_id and here.worked_at is not None:
            return Work(distance_m, here.worked_at)
        gone_m = distance_m + (0.0 if at == edge_id else here.length_m)
        for former in into.get(here.from_node, ()):
            if former.edge_id not in seen and former.edge_id != at ^ 1:
                heapq.heappush(queue, (gone_m, former.edge_id))
    return None
