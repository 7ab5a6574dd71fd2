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

from geo.coverage import Coverage, PassFacts
from geo.db import Row, read_sql
from geo.linear import Stretches
from geo.network import Network
from geo.settings import StateSettings
from geo.status import EdgeContext, EdgeStatus, Moment, assess
from geo.store.bulk import read_columns
from geo.store.events import Event, current_event
from geo.store.evidence import PASS_COLUMNS, facts_from, read_context, read_facts
from geo.store.passes import CODES
from geo.store.status import StatusAt, record_run, status_rules, write_coverage, write_status
from geo.timeline import to_us

type Ints = NDArray[np.int64]

#: The flags of EdgeContext that change without any fact.
_FLAGS = ("on_plan", "has_device", "is_healthy", "is_unmatched")


@dataclass(slots=True)
class LiveStatus:
    """What is kept between looks.

    event, context  what the states are relative to, and what is known of edges besides facts
    carried         facts on edges that the network has no more, laid on those that it has (geo.store.evidence)
    as_of           the moment that the stored states describe
    later           positions of edges with facts of the future: a device's clock is ahead
    """

    network: Network
    settings: StateSettings
    event: Event
    context: EdgeContext
    carried: PassFacts
    as_of: datetime
    later: Ints = dataclasses.field(default_factory=lambda: np.zeros(0, np.int64))

    @staticmethod
    def read(
        connection: psycopg.Connection[Row], network: Network, settings: StateSettings, as_of: datetime
    ) -> LiveStatus:
        """Begin where geo.store.status.refresh_status has just brought all states up to date for `as_of`."""
        event = current_event(connection, as_of)
        context = read_context(connection, network, settings, event, as_of, None)
        facts, is_carried = read_facts(connection, network, event, as_of, None)
        return LiveStatus(network, settings, event, context, facts.select(is_carried), as_of)

    def is_of(self, connection: psycopg.Connection[Row], as_of: datetime) -> bool:
        """Whether the event that is kept still holds."""
        return current_event(connection, as_of) == self.event

    def look(self, connection: psycopg.Connection[Row], as_of: datetime) -> Ints:
        """Positions of edges whose state changes by the clock, or by what is known of plans and machines."""
        new = read_context(connection, self.network, self.settings, self.event, as_of, None)
        changed = np.zeros(self.network.n_edges, np.bool_)
        for name in _FLAGS:
            changed |= getattr(new, name) != getattr(self.context, name)
        self.context = new
        span = {"after": self.as_of - timedelta(seconds=1), "until": as_of}
        rows = connection.execute(read_sql("geo", "queries/read_running_out"), span).fetchall()
        ran_out = self.network.position_of(np.array([row[0] for row in rows], np.int64))
        return np.union1d(np.flatnonzero(changed), ran_out[ran_out >= 0])

    def update(self, connection: psycopg.Connection[Row], edges: Ints, as_of: datetime) -> Ints:
        """Bring the states of edges, by position, up to date; ids of those that changed."""
        edges = np.union1d(edges, self.later)
        if not len(edges):
            self.as_of = as_of
            return np.zeros(0, np.int64)
        found = self._assess(connection, edges, as_of)
        changed = write_status(connection, self.network, found)
        write_coverage(connection, self.network, found)
        if len(changed):
            record_run(connection, self.network, found, as_of, len(changed))
        self.as_of = as_of
        return changed

    def _assess(self, connection: psycopg.Connection[Row], edges: Ints, as_of: datetime) -> StatusAt:
        """The states of (n,) ascending positions."""
        near = neighbourhood(self.network, edges)
        facts = self._facts(connection, near, as_of)
        context = EdgeContext(**{f.name: getattr(self.context, f.name)[near] for f in dataclasses.fields(EdgeContext)})
        moment = Moment(to_us(self.event.reference_at), to_us(as_of), self.event.is_standing)
        status, coverage = assess(facts, context, status_rules(self.settings.status), moment)
        ahead = near[np.unique(facts.edge[facts.ended_us > moment.as_of_us])]
        self.later = np.union1d(np.setdiff1d(self.later, edges), ahead)
        return StatusAt(self.event, moment, *_of(status, coverage, np.searchsorted(near, edges)), edges)

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
    nothing = np.zeros(0, np.int64)
    return part, Coverage(covered, coverage.fraction[at], nothing, np.zeros(0), np.zeros(len(at) + 1, np.int64))
