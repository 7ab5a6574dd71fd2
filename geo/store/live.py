"""Facts as fixes come in: each new fix goes onto the end of its open trace, and only what that changes is written.

A fix that does not simply go on with a trace that is kept (the first of a vehicle, a late one, one after a gap) sends
its vehicle the way of geo.store.facts, which reads whole traces again; what that finds open is kept from then on. So
whatever a process forgets or never knew, the facts come out the same, only later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.crs import to_plane
from geo.db import Row
from geo.fix import Fixes
from geo.live_trace import LiveTrace, compare, facts_of, look_ahead
from geo.matching.arrays import joined
from geo.matching.candidates import GridIndex
from geo.matching.online_open import OpenTrips
from geo.network import Network
from geo.settings import Settings
from geo.store.amendments import late_of
from geo.store.facts import MatchReport, match_part, match_rules
from geo.store.fixes import STAGE, Touched, Vehicle, move_mark, read_batches, read_mark, read_vehicles, source_work
from geo.store.live_adopt import adopt
from geo.store.live_rows import NewFixes, end_facts, grow_rows, read_new_fixes, read_quiet, write_facts
from geo.store.passes import Written, touch
from geo.store.words import Words
from geo.timeline import from_us, to_us
from geo.trace import TraceSettings
from geo.work import WorkStates, work_of

type Ints = NDArray[np.int64]
type Floats = NDArray[np.float64]

#: Fixes read at once; what is more comes in the next turn.
MOST_FIXES = 200_000
#: Whole traces are read for so many new fixes in one turn, and for as many vehicles as took about so many seconds.
WHOLE_FIXES, WHOLE_S = 10_000, 0.5
#: The stored row of an open trace is brought up to date when the trace has grown by so many seconds.
ROW_S = 120.0
#: A vehicle whose traces were read as a whole waits so many times as long as that took before the next time.
PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A vehicle whose traces have to be read as a whole, and the position before its first batch that waits."""

    what: Touched
    floor: int


@dataclass(slots=True)
class Turn:
    """What one turn did: fixes taken, traces stepped or read as a whole, facts that changed.

    new  the fixes that came in; None: none did
    """

    n_fixes: int = 0
    n_traces: int = 0
    written: Written = field(default_factory=Written.nothing)
    new: NewFixes | None = None


class LiveFacts:
    """The open traces of the vehicles of one of n workers. For one thread; the moment comes from outside.

    After a turn that failed the database is as it was, and `forget` has to be called.
    """

    def __init__(
        self, network: Network, index: GridIndex, settings: Settings, worker: int = 0, n_workers: int = 1
    ) -> None:
        self.network, self.index, self.settings = network, index, settings
        self.worker, self.n_workers = worker, n_workers
        self.stage = STAGE if n_workers == 1 else f"{STAGE} {worker} of {n_workers}"
        self._trace_settings = TraceSettings()
        self.forget()

    def forget(self) -> None:
        """Drop all that is kept; the next turn starts from what the database says."""
        self.open_trips, self.words = OpenTrips(), Words()
        self.traces: dict[int, LiveTrace] = {}
        self.vehicles: dict[int, Vehicle] = {}
        self._waiting: dict[int, _Waiting] = {}
        self._not_before: dict[int, float] = {}
        self._position = -1
        self._n_whole = 16.0

    @property
    def n_waiting(self) -> int:
        """Vehicles that wait for a look at their whole traces."""
        return len(self._waiting)

    def turn(self, connection: psycopg.Connection[Row], now: datetime) -> Turn:
        """Take what came in onto open traces, in the connection's transaction."""
        done, now_us = Turn(), to_us(now)
        if self._position < 0:
            self._position = read_mark(connection, self.stage)
        batches = read_batches(connection, self._position, most=MOST_FIXES)
        if batches is not None:
            done.new = read_new_fixes(connection, batches, self.worker, self.n_workers)
            done.n_fixes = len(done.new.fixes)
            self._take(connection, done.new, now_us)
            self._position = batches.position
        due = [one for one in self.traces.values() if one.is_due(now_us)]
        if due:
            done.n_traces, done.written = len(due), self._step(connection, due)
        touch(connection, done.written, late_of(self.settings.events))
        self.words.write(connection, now)
        self._move_mark(connection)
        return done

    def close_quiet(self, connection: psycopg.Connection[Row], now: datetime) -> None:
        """Let open traces that have gone quiet wait for a look as a whole, which closes them."""
        quiet_us = to_us(now) - self._trace_settings.max_gap_s * 1e6
        for what in read_quiet(connection, from_us(int(quiet_us)), self.worker, self.n_workers):
            kept = self.traces.get(what.vehicle_id)
            if kept is None or kept.last[0] < quiet_us:
                self._wait(what)

    def whole_turn(self, connection: psycopg.Connection[Row], now: datetime, clock_s: float) -> tuple[Turn, list[int]]:
        """Read traces of some waiting vehicles as a whole, in the connection's transaction; which vehicles.

        clock_s  seconds of a steady clock; a vehicle that was slow waits longer (see was_slow)
        """
        part = self._next_whole(clock_s)
        if not part:
            return Turn(), []
        for what in part:
            self.traces.pop(what.vehicle_id, None)
        rules = match_rules(self.network, self.index, self.settings, now, self.open_trips)
        found = match_part(connection, part, rules, MatchReport())
        kept = adopt(found, self.open_trips, self.open_trips.matcher_of(self.network, self.index), self.network)
        self.traces |= {one.vehicle: one for one in kept}
        self.words.begin(connection, [what.vehicle_id for what in part], self.network.crs_epsg)
        touch(connection, found.written, rules.late)
        for what in part:
            del self._waiting[what.vehicle_id]
        self._move_mark(connection)
        done = Turn(len(found.traces.fixes), len(found.traces), found.written)
        return done, [what.vehicle_id for what in part]

    def was_slow(self, vehicles: list[int], took_s: float, clock_s: float) -> None:
        """Note what a whole turn took, so that the next one is neither too long nor too short."""
        for vehicle in vehicles:
            self._not_before[vehicle] = clock_s + PATIENCE * took_s / max(len(vehicles), 1)
        if took_s > 0 and vehicles:
            self._n_whole = float(np.clip(len(vehicles) * WHOLE_S / took_s, 1.0, 2.0 * self._n_whole + 1.0))

    def _take(self, connection: psycopg.Connection[Row], new: NewFixes, now_us: int) -> None:
        """Hand new fixes to the traces that they go on with; other vehicles wait."""
        fixes = new.fixes
        if not len(fixes):
            return
        first = np.flatnonzero(np.diff(fixes.vehicle, prepend=fixes.vehicle[0] - 1))
        self._know(connection, fixes.vehicle[first].tolist())
        xy = to_plane(fixes.lon, fixes.lat, self.network.crs_epsg)
        work = work_of(fixes, source_work(fixes.vehicle, self.vehicles))
        rows, at_depot = self._rows(fixes, xy, work), self.words.at_depot(xy)
        ends = np.append(first[1:], len(fixes))
        for a, b in zip(first.tolist(), ends.tolist(), strict=True):
            vehicle = int(fixes.vehicle[a])
            live = None if vehicle in self._waiting else self.traces.get(vehicle)
            if live is None or not live.goes_on(fixes.at_us[a:b], xy[a:b, 0], xy[a:b, 1], self._trace_settings):
                self._wait(Touched(vehicle, from_us(int(fixes.at_us[a])), from_us(int(fixes.at_us[b - 1])), b - a))
                continue
            live.take(rows[a:b], now_us)
            self.words.take(self.vehicles[vehicle], fixes, work, slice(a, b), at_depot, self._edge_id(live))

    def _rows(
        self, fixes: Fixes, xy: Floats, work: WorkStates
    ) -> list[tuple[int, float, float, float, float, float, int]]:
        """What a trace keeps of each fix. A device that claims a greater spread is believed (online_trip)."""
        settings = self.open_trips.matcher_of(self.network, self.index).settings
        most_m = max(settings.sigma_m, settings.sigma_max_m)
        sigma_m = np.clip(np.nan_to_num(fixes.accuracy_m, nan=settings.sigma_m), settings.sigma_m, most_m)
        columns = (fixes.at_us, xy[:, 0], xy[:, 1], fixes.heading_deg, fixes.speed_mps, sigma_m, work.code)
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def _know(self, connection: psycopg.Connection[Row], vehicles: list[int]) -> None:
        missing = [one for one in vehicles if one not in self.vehicles]
        if missing:
            self.vehicles |= read_vehicles(connection, missing)

    def _edge_id(self, live: LiveTrace) -> int:
        if not len(live.written):
            return -1
        edge = int(live.written["edge"][-1])
        return int(2 * self.network.piece_id[edge >> 1]) + (edge & 1)

    def _wait(self, what: Touched) -> None:
        old = self._waiting.get(what.vehicle_id)
        if old is None:
            self._waiting[what.vehicle_id] = _Waiting(what, self._position)
            return
        span = (min(old.what.from_at, what.from_at), max(old.what.to_at, what.to_at))
        grown = Touched(what.vehicle_id, *span, old.what.n_fixes + what.n_fixes)
        self._waiting[what.vehicle_id] = _Waiting(grown, old.floor)

    def _next_whole(self, clock_s: float) -> list[Touched]:
        part: list[Touched] = []
        n_fixes = 0
        for vehicle, waiting in self._waiting.items():
            if self._not_before.get(vehicle, clock_s) > clock_s:
                continue
            if part and (n_fixes >= WHOLE_FIXES or len(part) >= self._n_whole):
                break
            part.append(waiting.what)
            n_fixes += waiting.what.n_fixes
        return sorted(part, key=lambda what: what.vehicle_id)

    def _step(self, connection: psycopg.Connection[Row], due: list[LiveTrace]) -> Written:
        """Step traces and write what that changes of their facts."""
        self._know(connection, [one.vehicle for one in due])
        matcher = self.open_trips.matcher_of(self.network, self.index)
        for one in due:
            one.step(matcher)
        slot, facts, n_facts = facts_of(due, matcher, self.network)
        look_ahead(due, slot, facts, self.network)
        held_slot = np.repeat(np.arange(len(due)), [len(one.written) for one in due])
        held = joined([one.written for one in due])
        least = self.settings.status.confidence_min
        is_new, at = compare(slot, facts, held_slot, held, least, self.network.length_m)
        stays = np.zeros(len(held), np.bool_)
        stays[at[~is_new]] = True
        ids = np.array([one.trace_id for one in due], np.int64)
        written = end_facts(connection, ids[held_slot[~stays]], held["seq"][~stays])
        of = [due[i] for i in slot[is_new].tolist()]
        written += write_facts(connection, facts[is_new], of, self.vehicles, self.network)
        facts[~is_new] = held[at[~is_new]]
        ends = np.searchsorted(slot, np.arange(len(due) + 1))
        for i, one in enumerate(due):
            one.written = facts[ends[i] : ends[i + 1]].copy()
            one.settle(n_facts[i])
        grow_rows(connection, [one for one in due if one.last[0] - one.row_us >= ROW_S * 1e6])
        return written

    def _move_mark(self, connection: psycopg.Connection[Row]) -> None:
        """The mark stays before what waits: after a restart that is read again."""
        floors = [waiting.floor for waiting in self._waiting.values()]
        move_mark(connection, min(floors, default=self._position), self.stage)
