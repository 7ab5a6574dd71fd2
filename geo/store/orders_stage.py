"""The stage of orders: what was entered, changed or ended since is laid on edges and written as facts; as yuki_engine.

The edges are left in ops.touch, so that their states are worked out anew. The same again changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.types.range import Range

from geo.db import Row, read_sql
from geo.matching.candidates import GridIndex
from geo.matching.matcher import lay_line
from geo.network import Network
from geo.order_places import Ground, ground_of
from geo.plans import Laid as Laying
from geo.plans import piece_lines
from geo.store.order_laying import Entry, Laid, Layer, drawn, road_m
from geo.store.plan_rows import copy_rows, hex_ewkb
from geo.vocabulary import OrderKind

type Ints = NDArray[np.int64]

STAGE = "orders"


@dataclass(frozen=True, slots=True)
class OrdersTurn:
    """What a look at the orders found.

    n_laid      orders that were laid, ended or laid anew
    edge_ids    (n,) edges on which something else holds now
    has_turned  an order began or ended by the clock, or was entered: what is published of orders is no longer right
    misfits     (order_id, what of it does not fit)
    """

    n_laid: int = 0
    edge_ids: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    has_turned: bool = False
    misfits: tuple[tuple[int, str], ...] = ()
    #: up to which the edges are told; None: not by the clock
    moment: datetime | None = None


class OrderStage:
    """Lays orders on one network version. What costs a second is made when the first order asks for it.

    index_of  gives the matcher's grid of the network
    """

    def __init__(self, network: Network, index_of: Callable[[], GridIndex]) -> None:
        self.network = network
        self._index_of = index_of
        self._ground: Ground | None = None
        self._index: GridIndex | None = None

    def refresh(self, connection: psycopg.Connection[Row]) -> OrdersTurn:
        """Lay what is not laid as it stands, in the connection's transaction."""
        connection.execute(read_sql("geo", "queries/lock_stage"), {"stage": STAGE})
        params = {"network_version": self.network.version}
        rows = connection.execute(read_sql("geo", "queries/read_orders_to_lay"), params).fetchall()
        if not rows:
            return OrdersTurn()
        entries = [Entry.of(row) for row in rows]
        layer = Layer(connection, self.network, self._ground_now, self._lay_line)
        laid = [layer.lay(entry) for entry in entries]
        gone = {"order_ids": [entry.order_id for entry in entries]}
        held = connection.execute(read_sql("geo", "queries/supersede_orders"), gone).fetchall()
        edge_ids = [np.array([row[0] for row in held], np.int64)]
        for entry, found in zip(entries, laid, strict=True):
            self._write(connection, entry, found)
            if entry.kind != OrderKind.PUBLICATION_STOP:
                edge_ids.append(self.network.edge_id[found.edges.edge])
        touched = np.unique(np.concatenate(edge_ids))
        if len(touched):
            named: dict[str, Any] = {"edge_ids": touched.tolist(), "pass_ids": [], "ended_pass_ids": []}
            connection.execute(read_sql("geo", "queries/insert_touch"), named)
        misfits = tuple((e.order_id, " ".join(f.misfits)) for e, f in zip(entries, laid, strict=True) if f.misfits)
        return OrdersTurn(len(entries), touched, True, misfits)

    def _ground_now(self) -> Ground:
        if self._ground is None:
            self._ground = ground_of(self.network)
        return self._ground

    def _lay_line(self, line_xy: NDArray[np.float64]) -> Laying:
        if self._index is None:
            self._index = self._index_of()
        return lay_line(self.network, self._index, line_xy)

    def _write(self, connection: psycopg.Connection[Row], entry: Entry, laid: Laid) -> None:
        shape = entry.shape
        if len(laid.edges) and entry.kind != OrderKind.PUBLICATION_STOP:
            shape = drawn(self.network, piece_lines(self.network), laid.edges)
        names = ("order_id", "entry_id", "kind", "restriction", "state", "begins_at", "ends_at", "reason")
        params: dict[str, Any] = {name: getattr(entry, name) for name in names} | {
            "planned_m": laid.planned_m,
            "laid_m": None if laid.planned_m is None else road_m(self.network, laid.edges),
            "misfit": " ".join(laid.misfits) or None,
            "manager": entry.place.get("manager"),
            "is_everywhere": bool(entry.place.get("everywhere")),
            "is_reason_public": entry.is_reason_public,
            "author": entry.author,
            "network_version": self.network.version,
            "is_synthetic": entry.is_synthetic,
            "geom": None if shape is None else hex_ewkb(shape),
        }
        connection.execute(read_sql("geo", "queries/insert_order"), params)
        during = Range(entry.begins_at, entry.ends_at, "[)")
        said = (entry.order_id, entry.entry_id, entry.kind, entry.restriction, entry.state)
        edges = laid.edges
        rows = zip(self.network.edge_id[edges.edge].tolist(), edges.from_m.tolist(), edges.to_m.tolist(), strict=True)
        copy_rows(
            connection,
            "copy_order_edges_in",
            ((*said, edge_id, low, high, during, self.network.version) for edge_id, low, high in rows),
        )


class LiveOrders:
    """The stage between looks of a worker: it asks for new entries, and for the moments at which orders turn."""

    def __init__(self, stage: OrderStage, as_of: datetime) -> None:
        self.stage = stage
        self._as_of = as_of
        self._newest: int | None = None
        self._turns_at: datetime | None = None

    def turn(self, connection: psycopg.Connection[Row], clock: Callable[[], datetime]) -> OrdersTurn:
        """What is new since the last look, in the connection's transaction; one short query where nothing is.

        clock  is asked after the entries were read: what was entered to hold from now on holds by then
        """
        newest = _one(connection, read_sql("geo", "queries/newest_order_entry"), {})
        found = OrdersTurn() if newest == self._newest else self.stage.refresh(connection)
        edge_ids, has_turned, moment = found.edge_ids, found.has_turned, clock()
        if self._newest is None or (self._turns_at is not None and self._turns_at <= moment):
            span = {"after": self._as_of, "until": moment}
            rows = connection.execute(read_sql("geo", "queries/read_order_turns"), span).fetchall()
            edge_ids = np.union1d(edge_ids, np.array([row[0] for row in rows], np.int64))
            has_turned = True
        if has_turned or self._newest is None:
            self._turns_at = _one(connection, read_sql("geo", "queries/next_order_turn"), {"after": moment})
        self._as_of, self._newest = moment, newest
        return OrdersTurn(found.n_laid, edge_ids, has_turned, found.misfits, moment)


def _one(connection: psycopg.Connection[Row], sql: Any, params: dict[str, Any]) -> Any:
    row = connection.execute(sql, params).fetchone()
    return None if row is None else row[0]
