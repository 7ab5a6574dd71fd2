"""What the state table of geo.status works on: its words, its boundaries, what is known of edges, what it says."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from geo.matching.twins import Twins
from geo.orders import NEVER, Orders
from geo.snow import SnowSeries
from geo.vocabulary import Reason, State

#: NEVER: no such moment, in columns of microseconds.
__all__ = [
    "CLEARED", "CLEARING", "MANAGER_SOURCE", "NEVER", "NO_SOURCE", "REASONS", "STATES", "STATE_UNKNOWN", "UNCLEARED",
    "EdgeContext", "EdgeStatus", "Moment", "StatusRules",
]  # fmt: skip

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints16 = NDArray[np.int16]
type Ints32 = NDArray[np.int32]
type Ints8 = NDArray[np.int8]
type Bools = NDArray[np.bool_]

#: Position of each word in the arrays of EdgeStatus.
STATES: tuple[State, ...] = tuple(State)
REASONS: tuple[Reason, ...] = tuple(Reason)
CLEARED, CLEARING, UNCLEARED, STATE_UNKNOWN = range(4)
#: Where EdgeStatus.source is no source of facts: nothing is known, or a road manager gave the state by hand.
NO_SOURCE, MANAGER_SOURCE = -1, -2


@dataclass(frozen=True, slots=True)
class StatusRules:
    """Boundaries of the state table. Fractions and confidence reach them with >=, times pass them with >=.

    covered_fraction_min  share of the length that makes an edge cleared
    confidence_min        a pass below this covers nothing
    clearing_us           how long after its last working metre a machine counts as at work on an edge
    """

    covered_fraction_min: float
    confidence_min: float
    clearing_us: int

    @property
    def enough(self) -> float:
        """The share, less what rounding may take from it."""
        return self.covered_fraction_min - 1e-9


@dataclass(frozen=True, slots=True)
class EdgeContext:
    """What is known of E edges besides facts. Edges 2 p and 2 p + 1 are the two directions of a piece.

    edge_from, edge_to  (E,) nodes;  length_m (E,) metres
    valid_us      (E,) how long a clearing holds by time alone, by class
    on_plan       (E,) a plough route or work section holds the edge
    has_device    (E,) machines are assigned there now, and all of them have a device
    is_healthy    (E,) all of those devices have reported lately
    is_unmatched  (E,) one of those devices left fixes near the edge that no edge explains
    passes_needed (E,) int16, 1 or more: so many passes side by side clear the direction (geo.pass_needs)
    is_shared     (E,) one pass in either direction clears both of the piece
    snow_limit_cm (E,) snow since a clearing from which on it no longer holds, by class
    snow_cell     (E,) int32 cell of the middle of the edge, as in geo.snow.cell_of
    snow          snow by cell up to the moment; None: no weather station at all
    orders        what road managers ordered, for the moment
    twins         streets that the roads draw twice: what clears one line clears the other
    """

    edge_from: Ints
    edge_to: Ints
    length_m: Floats
    valid_us: Ints
    on_plan: Bools
    has_device: Bools
    is_healthy: Bools
    is_unmatched: Bools
    passes_needed: Ints16
    is_shared: Bools
    snow_limit_cm: Floats
    snow_cell: Ints32
    snow: SnowSeries | None
    orders: Orders
    twins: Twins

    def select(self, at: Ints) -> EdgeContext:
        """The same of some edges, by position; whole pieces, each at an even place."""
        others = ("snow", "orders", "twins")
        by_edge = {f.name: getattr(self, f.name)[at] for f in fields(EdgeContext) if f.name not in others}
        return EdgeContext(**by_edge, snow=self.snow, orders=self.orders.select(at), twins=self.twins.select(at))


@dataclass(frozen=True, slots=True)
class Moment:
    """What the states are relative to: the event and the moment that they describe."""

    reference_us: int
    as_of_us: int
    #: the standing watch: no storm and no callout, so nobody was told to clear
    is_standing: bool

    @property
    def default_reason(self) -> Reason:
        """Why an edge is unknown of which nothing else is known."""
        return Reason.NO_EVENT if self.is_standing else Reason.NOT_ON_PLAN


@dataclass(frozen=True, slots=True)
class EdgeStatus:
    """The state of E edges.

    state, reason  (E,) int8, positions in STATES and REASONS
    cleared_us     (E,) end of the oldest pass that the clearing needs; NEVER unless cleared, or no longer so by age
    valid_until_us (E,) from here on the state is unknown; NEVER without such a moment
    observed_us    (E,) end of the last fact of any kind; NEVER without one
    covered_fraction (E,) share that has as many passes as the edge needs
    passed_fraction  (E,) share that has one at least
    passes_needed  (E,) int16, as in EdgeContext
    treatment      (E,) int8, of the newest pass that the state rests on; -1 none or not named
    work_basis     (E,) int8, the weakest that the state rests on
    confidence     (E,) the confidence that covered_fraction_min of the metres it rests on reach; 0 without any
    source         (E,) of the newest pass that it rests on, else of the newest fact; NO_SOURCE, MANAGER_SOURCE
    synthetic      (E,) whether any fact on the edge is
    spread_us      (E,) since then the newest spreading covers the share; NEVER where none does
    sidewalk_us    (E,) the same of sidewalk clearing
    restriction    (E,) int8, position in geo.orders.RESTRICTIONS; -1 none
    is_corrected   (E,) whether a road manager gave the state by hand
    snow_cell      (E,) int32; -1 without any weather station
    snow_at_clearing_cm  (E,) snow from the reference time of the event to cleared_us; nan where it is not known
    complete_us    (E,) as cleared_us, whatever state goes before; NEVER where the share is not reached
    """

    state: Ints8
    reason: Ints8
    cleared_us: Ints
    valid_until_us: Ints
    observed_us: Ints
    covered_fraction: Floats
    passed_fraction: Floats
    passes_needed: Ints16
    treatment: Ints8
    work_basis: Ints8
    confidence: Floats
    source: Ints
    synthetic: Bools
    spread_us: Ints
    sidewalk_us: Ints
    restriction: Ints8
    is_corrected: Bools
    snow_cell: Ints32
    snow_at_clearing_cm: Floats
    complete_us: Ints
