"""The live round: fixes that came in → facts → states → what is published, each step only for what changed.

The first round brings everything up to date (`pipeline.refresh`), and so does the one after anything went wrong: what a
process keeps is never needed to be right, only to be quick.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import psycopg

from geo.db import Database, Role, Row, read_sql, unreachable
from geo.devices import DeviceStats
from geo.errors import ConflictError
from geo.settings import Settings
from geo.store.amendments import late_of
from geo.store.beats import Beat, beat
from geo.store.devices import load_device_stats, refresh_device_health, rules_of
from geo.store.lines import match_new_lines
from geo.store.live import LiveFacts, Turn
from geo.store.network import refresh_network
from geo.store.orders_stage import LiveOrders, OrderStage
from geo.store.plans import plans_key
from geo.store.snow_cells import refresh_snow
from geo.store.status_live import LiveStatus
from geo.timeline import now
from layers.publish_live import Changes, Masks, publish_changes, publish_passes, publish_sums
from layers.publish_orders import publish_orders
from layers.snow import publish_snow
from yukimichi.pipeline import World, refresh

type Connection = psycopg.Connection[Row]

#: Ready lines are looked for, and a beat is written, so often.
LINES_S, BEAT_S = 2.0, 5.0
#: Lines laid in one round at most.
MOST_LINES = 200


@dataclass(slots=True)
class Round:
    """What a round did, for logs and metrics: seconds of its parts, fixes, traces, facts, edges with another state."""

    n_fixes: int = 0
    n_traces: int = 0
    n_written: int = 0
    n_changed: int = 0
    n_waiting: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Add the time of the block to a part."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began


@dataclass(slots=True)
class Connections:
    """What a worker holds open. listen hears of batches and is used for nothing else."""

    engine: Connection
    publish: Connection
    listen: Connection

    def wait(self, seconds: float) -> None:
        """Until a batch is announced, or so long."""
        for _ in self.listen.notifies(timeout=max(seconds, 0.0), stop_after=1):
            pass


@contextmanager
def connections(database: Database, worker: int = 0) -> Iterator[Connections]:
    """Connections of a worker for the length of the block.

    Raises DatabaseProblem where the database does not answer, ConflictError while another process is this worker.
    """
    held: list[Connection] = []
    try:
        for role in (Role.ENGINE, Role.PUBLISH, Role.ENGINE):
            held.append(psycopg.connect(database.conninfo_of(role), autocommit=True))
        found = Connections(*held)
        got = found.listen.execute(read_sql("geo", "queries/lock_worker"), {"worker": worker}).fetchone()
        if got != (True,):
            raise ConflictError(f"Another process is worker {worker}.", hint="This one goes on when that one ends.")
        found.listen.execute("LISTEN yuki_batches")
        yield found
    except psycopg.OperationalError as error:
        raise unreachable(error) from error
    finally:
        for connection in held:
            connection.close()


class Live:
    """One worker. Worker 0 also keeps states and what is published up to date, from the facts of all of them."""

    def __init__(
        self, database: Database, settings: Settings, secret: bytes, worker: int = 0, n_workers: int = 1
    ) -> None:
        self.database, self.settings = database, settings
        self.worker, self.n_workers = worker, n_workers
        self.masks = Masks(secret, settings.publish.mask_m, settings.status.silent_min)
        self.world = World()
        self.facts: LiveFacts | None = None
        self.status: LiveStatus | None = None
        self.orders: LiveOrders | None = None
        self.devices = DeviceStats()
        self.account = Beat(f"{worker} of {n_workers}", now())
        self._clock_at = self._lines_at = self._beat_at = float("-inf")
        self._sums: tuple[int, datetime] = (-1, now())
        self._rests_on = ""

    @property
    def is_keeper(self) -> bool:
        """Whether this worker keeps the states."""
        return self.worker == 0

    def forget(self) -> None:
        """Start over with the next round."""
        self.facts = self.status = None

    def failed(self) -> None:
        """A round failed: start over, and count it."""
        self.forget()
        self.account.n_failures += 1

    def round(self, held: Connections) -> Round:
        """One round. After an error `forget` has to be called."""
        done = Round()
        if self.facts is None:
            with done.timed("start"):
                self._start(held)
        assert self.facts is not None
        moment, began = now(), time.perf_counter()
        with done.timed("facts"), held.engine.transaction():
            turn = self.facts.turn(held.engine, moment)
        self._count(done, turn)
        self._hear(turn)
        self._lines()
        self._orders(held, done)
        self._states(held, done, moment)
        if self.facts.n_waiting:
            with done.timed("whole"):
                self._whole(held, done, moment)
            self._states(held, done, moment)
        if time.monotonic() - self._clock_at >= self.settings.worker.clock_s:
            with done.timed("clock"):
                self._clock(held, done, now())
            self._clock_at = time.monotonic()
        done.n_waiting = self.facts.n_waiting if self.facts else 0
        self._beat(held, done, time.perf_counter() - began)
        return done

    def _start(self, held: Connections) -> None:
        moment = now()
        if self.is_keeper:
            refresh(self.database, self.settings, self.masks.secret, moment, self.world, quiet=True)
        change = refresh_network(self.database, self.settings.networks_dir, self.settings.network, _no_step)
        network, index = self.world.take(change.network)
        self.facts = LiveFacts(network, index, self.settings, self.worker, self.n_workers)
        self.facts.open_trips = self.world.open_trips
        with held.engine.transaction():
            self.devices = load_device_stats(held.engine, self.worker, self.n_workers)
        if self.is_keeper:
            with held.engine.transaction():
                self.status = LiveStatus.read(held.engine, network, self.settings.states, moment)
                self._rests_on = plans_key(held.engine, network.version)
            self.orders = LiveOrders(OrderStage(network, lambda: index), moment)

    def _hear(self, turn: Turn) -> None:
        """What the fixes of a turn say of their devices."""
        if turn.new is not None:
            f = turn.new.fixes
            self.devices.update(f.vehicle, f.at_us, turn.new.received_us, f.lon, f.lat, f.speed_mps, f.accuracy_m)

    def _lines(self) -> None:
        """Lay ready lines that came in; worker 0 alone does."""
        if self.is_keeper and self.facts is not None and time.monotonic() - self._lines_at >= LINES_S:
            late = late_of(self.settings.events)
            match_new_lines(self.database, self.facts.network, self.facts.index, late=late, most=MOST_LINES)
            self._lines_at = time.monotonic()

    def _orders(self, held: Connections, done: Round) -> None:
        """What road managers entered, and what of it begins or ends now; stops of publication come before all else."""
        if self.status is None or self.orders is None:
            return
        with done.timed("orders"), held.engine.transaction():
            turn = self.orders.turn(held.engine, now)
        if not turn.has_turned:
            return
        with done.timed("publish"), held.publish.transaction():
            publish_orders(held.publish)
        at = self.status.network.position_of(turn.edge_ids)
        self._states(held, done, turn.moment or now(), at[at >= 0])

    def _beat(self, held: Connections, done: Round, took_s: float) -> None:
        self.account.n_rounds += 1
        self.account.n_fixes += done.n_fixes
        self.account.round_s = took_s
        if time.monotonic() - self._beat_at >= BEAT_S:
            with held.engine.transaction():
                beat(held.engine, self.account, now())
            self._beat_at = time.monotonic()

    def _count(self, done: Round, turn: Turn) -> None:
        done.n_fixes += turn.n_fixes
        done.n_traces += turn.n_traces
        done.n_written += len(turn.written.pass_ids)

    def _whole(self, held: Connections, done: Round, moment: datetime) -> None:
        assert self.facts is not None
        began = time.perf_counter()
        with held.engine.transaction():
            turn, vehicles = self.facts.whole_turn(held.engine, moment, time.monotonic())
        self.facts.was_slow(vehicles, time.perf_counter() - began, time.monotonic())
        done.n_traces += turn.n_traces
        done.n_written += len(turn.written.pass_ids)

    def _states(self, held: Connections, done: Round, moment: datetime, more: Any = None) -> None:
        """Take the edges that were touched, by whichever worker, and bring their states and the public up to date."""
        if self.status is None:
            return
        with done.timed("states"), held.engine.transaction():
            rows = held.engine.execute(read_sql("geo", "queries/take_touches")).fetchall()
            edge_ids = np.array([one for row in rows for one in row[0]], np.int64)
            at = self.status.network.position_of(np.unique(edge_ids))
            touched = at[at >= 0] if more is None else np.union1d(at[at >= 0], more)
            changed = self.status.update(held.engine, touched, moment)
        done.n_changed += len(changed)
        if not rows and not len(changed):
            return
        ended = [one for row in rows for one in row[2]]
        changes = Changes(changed.tolist(), [one for row in rows for one in row[1]], ended)
        with done.timed("publish"), held.publish.transaction():
            publish_changes(held.publish, replace(changes, pass_ids=()), moment)
        with done.timed("passes"), held.publish.transaction():
            publish_passes(held.publish, changes, moment)

    def _clock(self, held: Connections, done: Round, moment: datetime) -> None:
        """What changes without any fix: silence, the ends of clearings and of traces, plans, events, roads."""
        assert self.facts is not None
        self.facts.vehicles.clear()
        with held.engine.transaction():
            self.facts.close_quiet(held.engine, moment)
            refresh_device_health(
                held.engine, self.devices, rules_of(self.settings), moment, self.worker, self.n_workers
            )
        if self.status is None:
            return
        change = refresh_network(self.database, self.settings.networks_dir, self.settings.network, _no_step)
        with held.engine.transaction():
            same = self._rests_on == plans_key(held.engine, change.network.version)
            same = same and self.status.is_of(held.engine, moment)
            edges = self.status.look(held.engine, moment) if same else None
        if edges is None:
            self.forget()
            return
        self._states(held, done, moment, edges)
        with held.engine.transaction():
            snow = refresh_snow(held.engine, self.settings.snow, moment)
        with held.publish.transaction():
            self._sums = publish_sums(held.publish, self._sums, moment)
            if snow.is_new:
                publish_snow(held.publish)


def _no_step(done: int, total: int) -> None:
    """Nobody watches."""
