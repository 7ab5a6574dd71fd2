"""What is known of drawn edges besides facts, for the tests of states: roads, snow and orders in a few words."""

from __future__ import annotations

from typing import Any

import numpy as np

from geo.matching.twins import Twins
from geo.orders import RESTRICTIONS, Orders
from geo.snow import SnowSeries
from geo.status import STATES, EdgeContext
from geo.vocabulary import Restriction, State

HOUR = 3_600_000_000
VALID_H = 10.0
LIMIT_CM = 10.0
CELL = 7


def context(n: int = 1, **flags: Any) -> EdgeContext:
    """n edges of 100 m apart from each other, on plan with a healthy device unless flags say otherwise."""

    def flag(name: str, usual: bool) -> np.ndarray:
        return np.broadcast_to(np.array(flags.get(name, usual), np.bool_), n).copy()

    return EdgeContext(
        edge_from=np.arange(n) * 2, edge_to=np.arange(n) * 2 + 1, length_m=np.full(n, 100.0),
        valid_us=np.full(n, int(VALID_H * HOUR)), on_plan=flag("on_plan", True), has_device=flag("has_device", True),
        is_healthy=flag("is_healthy", True), is_unmatched=flag("is_unmatched", False),
        passes_needed=np.broadcast_to(np.array(flags.get("passes_needed", 1), np.int16), n).copy(),
        is_shared=flag("is_shared", False), snow_limit_cm=np.full(n, LIMIT_CM), snow_cell=np.full(n, CELL, np.int32),
        snow=flags.get("snow"), orders=flags.get("orders", Orders.none(n)), twins=flags.get("twins", Twins.none(n)),
    )  # fmt: skip


def snowing(*cm: float, unseen_h: tuple[int, ...] = ()) -> SnowSeries:
    """Snow in the cell of all edges: centimetres of the first hour, the second …; in unseen_h nobody looked."""
    total = np.concatenate([[0.0], np.cumsum(cm)]).astype(np.float32)
    hours = [HOUR if h in unseen_h else 0 for h in range(len(cm))]
    missing = np.concatenate([[0], np.cumsum(hours)]).astype(np.int64)
    return SnowSeries(np.array([CELL], np.int32), np.arange(len(total)) * HOUR, total[:, None], missing[:, None])


def ordered(
    n: int = 1, edge: int = 0, restriction: Restriction | None = None, state: State | None = None, since_h: float = 0
) -> Orders:
    """Orders on one of n edges."""
    orders = Orders.none(n)
    if restriction is not None:
        orders.restriction[edge] = RESTRICTIONS.index(restriction)
    if state is not None:
        orders.corrected[edge], orders.corrected_us[edge] = STATES.index(state), round(since_h * HOUR)
    return orders
