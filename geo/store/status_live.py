"""States kept up to date edge by edge: those whose facts changed, whose time ran out, whose machines went silent.

What the whole network is read for (plans, machines, lines that nothing explains) is kept from look to look; facts are
read for the touched edges and their neighbours alone. The outcome is that of geo.store.status for the same moment.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.ageing import snow_at, snow_limit_us
from geo.coverage import Coverage, PassFacts
from geo.db import Row, read_sql
from geo.end_slack import END_SLACK_FRACTION, END_SLACK_M
from geo.linear import Stretches
from geo.network import Network
from geo.settings import StateSettings
from geo.status import NEVER, EdgeContext, EdgeStatus, Moment, assess, assess_all
from geo.store.bulk import read_columns
from geo.store.events import Event, current_event
from geo.store.evidence import PASS_COLUMNS, facts_from, read_context, read_facts
from geo.store.orders import read_orders
from geo.store.passes import CODES
from geo.store.road_needs import RoadNeeds, read_road_needs
from geo.store.status import StatusAt, record_run, status_rules, write_found
from geo.timeline import to_us

type Ints = NDArray[np.int64]

#: The flags of EdgeContext that change without any fact.
_FLAGS = ("on_plan", "has_device", "is_healthy", "is_unmatched")


@dataclass(slots=True)
class LiveStatus:
    """What is kept between looks.

    event, context  what the states are relative to, and what is known of edges besides facts
    needs           what the roads need, which only another network changes
    carried         facts on edges that the network has no more, laid on those that it has (geo.store.evidence)
    complete_us     (E,) since when each edge is cleared, whatever goes before; NEVER where it is not
    as_of           the moment that the stored states describe
    later           positions of edges with facts of the future: a device's clock is ahead
    """

    network: Network
    settings: StateSettings
    event: Event
    context: EdgeContext
    needs: RoadNeeds
    carried: PassFacts
    complete_us: Ints
    as_of: datetime
    later: Ints = dataclasses.field(default_factory=lambda: np.zeros(0, np.int64))

    @staticmethod
    def read(
        connection: psycopg.Connection[Row], network: Network, settings: StateSettings, as_of: datetime
    ) -> LiveStatus:
        """Begin where geo.store.status.refresh_status has just brought all states up to date for `as_of`."""
        event = current_event(connection, as_of)
        needs = read_road_needs(connection, network, settings)
        context = read_context(connection, network, settings, event, as_of, None, needs)
        facts, is_carried = read_facts(connection, network, event, as_of, None)
        status, _ = assess(facts, context, status_rules(settings.status), _moment(event, as_of))
        carried = facts.select(is_carried)
        return LiveStatus(network, settings, event, context, needs, carried, status.complete_us, as_of)

    def is_of(self, connection: psycopg.Connection[Row], as_of: datetime) -> bool:
        """Whether the event that is kept still holds."""
        return current_event(connection, as_of) == self.event

    def look(self, connection: psycopg.Connection[Row], as_of: datetime) -> Ints:
        """Positions of edges whose state changes by the clock, by snow or orders, or by what is known of machines."""
        new = read_context(connection, self.network, self.settings, self.event, as_of, None, self.needs)
        changed = new.orders.differs(self.context.orders) | self._snow_differs(new)
        for name in _FLAGS:
            changed |= getattr(new, name) != getattr(self.context, name)
        self.context = new
        span = {"after": self.as_of - timedelta(seconds=1), "until": as_of}
        rows = connection.execute(read_sql("geo", "queries/read_running_out"), span).fetchall()
        ran_out = self.network.position_of(np.array([row[0] for row in rows], np.int64))
        return np.union1d(np.flatnonzero(changed), ran_out[ran_out >= 0])

    def _snow_differs(self, new: EdgeContext) -> NDArray[np.bool_]:
        """(E,) where newer weather tells something else of a clearing, or of whether there is weather at all."""
        if (new.snow is None) != (self.context.snow is None):
            return np.full(self.network.n_edges, True)
        moment = _moment(self.event, self.as_of)
        changed = np.zeros(self.network.n_edges, np.bool_)
        at = np.flatnonzero(self.complete_us != NEVER)
        whole = np.unique(at >> 1)
        at = np.column_stack([2 * whole, 2 * whole + 1]).ravel()
        old, now, since = self.context.select(at), new.select(at), self.complete_us[at]
        differs = snow_limit_us(now, since) != snow_limit_us(old, since)
        before, after = (np.nan_to_num(snow_at(one, moment, since), nan=-1.0) for one in (old, now))
        changed[at] = differs | (before.astype(np.float32) != after.astype(np.float32))
        return changed

    def update(self, connection: psycopg.Connection[Row], edges: Ints, as_of: datetime) -> Ints:
        """Bring the states of edges, by position, up to date; ids of those that changed."""
        edges = np.union1d(edges, self.later)
        if not len(edges):
            self.as_of = as_of
            return np.zeros(0, np.int64)
        found = self._assess(connection, edges, as_of)
        changed, _ = write_found(connection, self.network, found)
        if len(changed):
            record_run(connection, self.network, found, as_of, len(changed))
        self.as_of = as_of
        return changed

    def _assess(self, connection: psycopg.Connection[Row], edges: Ints, as_of: datetime) -> StatusAt:
        """The states of (n,) ascending positions and of those that hang together with them."""
        orders = read_orders(connection, self.network, as_of)
        edges = np.union1d(edges, np.flatnonzero(orders.differs(self.context.orders)))
        self.context = dataclasses.replace(self.context, orders=orders)
        edges = self._together(edges)
        near = neighbourhood(self.network, edges)
        facts = self._facts(connection, near, as_of)
        drawn = np.setdiff1d(near[near_a_node(facts, np.repeat(self.network.length_m, 2)[near])], edges)
        if len(drawn):
            edges = self._together(np.union1d(edges, drawn))
            near = neighbourhood(self.network, edges)
            facts = self._facts(connection, near, as_of)
        moment = _moment(self.event, as_of)
        status, coverage, treated = assess_all(
            facts, self.context.select(near), status_rules(self.settings.status), moment
        )
        ahead = near[np.unique(facts.edge[facts.ended_us > moment.as_of_us])]
        self.later = np.union1d(np.setdiff1d(self.later, edges), ahead)
        at = np.searchsorted(near, edges)
        part, covered = _of(status, coverage, at)
        self.complete_us[edges] = part.complete_us
        return StatusAt(self.event, moment, part, covered, edges, treated.select(at))

    def _together(self, edges: Ints) -> Ints:
        """Some edges and those that one pass clears with them: of shared roads, of streets drawn twice. Ascending."""
        both = np.union1d(edges, self.needs.twins.twins_of(edges))
        return np.union1d(both, both[self.context.is_shared[both]] ^ 1)

    def _facts(self, connection: psycopg.Connection[Row], near: Ints, as_of: datetime) -> PassFacts:
        """Facts on edges of the neighbourhood, by their place in it."""
        ids = self.network.edge_id[near]
        params = {"edge_ids": ids.tolist(), "reference_at": self.event.reference_at, **CODES}
        rows = read_columns(connection, read_sql("geo", "queries/copy_edge_passes"), params, PASS_COLUMNS)
        order = np.argsort(ids)
        at = order[np.searchsorted(ids, rows["edge_id"], sorter=order)]
        facts = facts_from(rows, at)
        if not len(self.carried):
            return facts
        inside = np.isin(self.carried.edge, near)
        old = self.carried.select(inside)
        moved = {"edge": np.searchsorted(near, old.edge)}
        names = [f.name for f in dataclasses.fields(PassFacts)]
        return PassFacts(**{n: np.concatenate([getattr(facts, n), moved.get(n, getattr(old, n))]) for n in names})


def _moment(event: Event, as_of: datetime) -> Moment:
    return Moment(to_us(event.reference_at), to_us(as_of), event.is_standing)


def near_a_node(facts: PassFacts, length_m: NDArray[np.float64]) -> Ints:
    """Edges of facts that end a little short of a node, ascending: what lies beyond decides whether it counts.

    Such a fact is drawn out when the work goes on over the node (geo.end_slack), and no longer when that fact is gone;
    so its edge may change by facts of its neighbours alone. length_m (E,).
    """
    length = length_m[facts.edge]
    slack = np.minimum(END_SLACK_M, END_SLACK_FRACTION * length)
    low = (facts.from_m > 0) & (facts.from_m <= slack)
    high = (facts.to_m < length) & (facts.to_m >= length - slack)
    return np.unique(facts.edge[low | high])


def neighbourhood(network: Network, edges: Ints) -> Ints:
    """Positions of edges that share a node with some edges, themselves too, both directions of each; ascending.

    Facts that meet at a node draw each other out (geo.end_slack.with_end_slack), so these are enough. The two of
    a piece stay a pair: the first at an even place.
    """
    nodes = np.unique(np.concatenate([network.edge_from[edges], network.edge_to[edges]]))
    first, end = network.out_start[nodes].astype(np.int64), network.out_start[nodes + 1].astype(np.int64)
    n = end - first
    at = np.repeat(first - np.concatenate([[0], np.cumsum(n)[:-1]]), n) + np.arange(int(n.sum()))
    pieces = np.unique(np.concatenate([network.out_edge[at].astype(np.int64) >> 1, edges >> 1]))
    return np.column_stack([2 * pieces, 2 * pieces + 1]).ravel()


def _of(status: EdgeStatus, coverage: Coverage, at: Ints) -> tuple[EdgeStatus, Coverage]:
    """The part of some edges; what of the coverage tells passes apart is left out."""
    part = EdgeStatus(**{f.name: getattr(status, f.name)[at] for f in dataclasses.fields(EdgeStatus)})
    place = np.full(len(coverage.fraction), -1)
    place[at] = np.arange(len(at))
    mine = place[coverage.covered.group] >= 0
    held = coverage.covered
    covered = Stretches(place[held.group[mine]], held.from_m[mine], held.to_m[mine])
    no, none = np.zeros(0, np.int64), np.zeros(0)
    start = np.zeros(len(at) + 1, np.int64)
    return part, Coverage(covered, coverage.fraction[at], no, none, none, no.astype(np.int8), start)
