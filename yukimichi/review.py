"""A storm again, moment by moment, as notebook 01 shows it: asked of the facts, as known now and as known then."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import psycopg
from numpy.typing import NDArray

from geo.db import Database, Role, Row, read_sql
from geo.errors import NotFoundError
from geo.network import Network
from geo.settings import Settings
from geo.status import CLEARED, CLEARING, REASONS, STATE_UNKNOWN, STATES, UNCLEARED
from geo.store.amendments import Amendment, read_amendments
from geo.store.events import EventRow, find_event
from geo.store.history import status_at
from geo.store.network import load_network
from geo.timeline import in_zone, now, to_us
from geo.vocabulary import ROAD_CLASSES, EventKind, Reason
from yukimichi.context import opened
from yukimichi.history import amendment_row

type Codes = NDArray[np.int8]

#: After the end of an event the review goes on so long: clearings run out.
AFTERWARDS = timedelta(hours=3)
#: A road nobody has to clear, which is left out of sums and drawn as ground.
OFF_PLAN = 4
#: Of the two directions of a road the one that is farther from cleared is drawn.
_WORST = np.array([CLEARED, CLEARING, STATE_UNKNOWN, UNCLEARED, OFF_PLAN])


@dataclass(frozen=True, slots=True)
class Review:
    """An event over T moments on a network of P pieces with E edges.

    moments          (T,) on the clock of `zone`
    states           (T, E) int8, as known now: positions in geo.status.STATES, or OFF_PLAN
    cleared_then_m   (T,) metres cleared as known at the moment itself, cleared_now_m as known now
    amendments       what changed of the past of this event, the oldest first
    """

    event: EventRow
    zone: str
    network: Network
    moments: tuple[datetime, ...]
    states: Codes
    cleared_then_m: NDArray[np.float64]
    cleared_now_m: NDArray[np.float64]
    amendments: tuple[Amendment, ...]
    synthetic: bool

    def timeline(self) -> pd.DataFrame:
        """Kilometres by moment, road class and state, both directions counted; roads off the plan left out."""
        metres = np.repeat(self.network.length_m, 2) * self.network.is_open
        kinds = np.repeat(self.network.road_class, 2)
        rows = []
        for moment, state in zip(self.moments, self.states, strict=True):
            key = kinds.astype(np.int64) * 5 + state
            km = np.bincount(key, weights=metres, minlength=5 * len(ROAD_CLASSES)).reshape(-1, 5) / 1000
            for kind, word in enumerate(ROAD_CLASSES):
                for code, name in enumerate(STATES):
                    rows.append((moment, str(word), word.ja, str(name), float(km[kind, code])))
        table = pd.DataFrame(rows, columns=["moment", "road_class", "road_class_ja", "state", "km"])
        held = table.groupby("road_class")["km"].transform("sum") > 0
        return table[held].reset_index(drop=True)

    def pieces(self) -> Codes:
        """(T, P) int8 state of each piece: that of the direction that is farther from cleared."""
        rank = np.empty(5, np.int8)
        rank[_WORST] = np.arange(5)
        ranks = np.where(self.network.is_open, rank[self.states], -1).reshape(len(self.moments), -1, 2)
        plan = np.where(ranks == rank[OFF_PLAN], -1, ranks).max(axis=2)
        return np.where(plan < 0, OFF_PLAN, _WORST[plan]).astype(np.int8)

    def changes(self) -> pd.DataFrame:
        """What changed of this past later: one row an amendment."""
        rows = [amendment_row(one, self.zone) for one in self.amendments]
        columns = ["recorded_at", "cause_ja", "cause", "from_at", "to_at", "n_edges", "n_passes_written",
                   "n_passes_superseded"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def late(self) -> pd.DataFrame:
        """Kilometres cleared at each moment as known then and as known now, and what late data added."""
        then, present = (np.round(metres / 1000, 3) for metres in (self.cleared_then_m, self.cleared_now_m))
        return pd.DataFrame(
            {"moment": self.moments, "then_km": then, "now_km": present, "added_km": np.round(present - then, 3)}
        )


def replay(config: Path | None = None, event_id: int | None = None, n_moments: int = 25) -> Review:
    """Ask for n_moments of an event, from its begin until some hours after its end; the last storm or callout if none
    is named.

    config  the settings; None: YUKI_CONFIG, else ./config.yml
    Raises NotFoundError where there is no such event, or no network.
    """
    named = os.environ.get("YUKI_CONFIG")
    with opened(config or (Path(named) if named else None)) as context:
        network = load_network(context.database, context.settings.networks_dir)
        return replay_in(context.database, context.settings, network, event_id, n_moments)


def replay_in(database: Database, settings: Settings, network: Network, event_id: int | None, n_moments: int) -> Review:
    """`replay` on an open database."""
    with database.connect(Role.ENGINE) as connection:
        _, event = find_event(connection, event_id or _last_event(connection))
        end = min((event.closed_at or now()) + AFTERWARDS, max(now(), event.reference_at + AFTERWARDS))
        step = (end - event.reference_at) / (n_moments - 1)
        moments = [event.reference_at + i * step for i in range(n_moments)]
        metres = np.repeat(network.length_m, 2) * network.is_open
        states, sums, synthetic = [], [], event.is_synthetic
        for at in moments:
            found = status_at(connection, network, settings, at).status
            then = status_at(connection, network, settings, at, at).status
            off = (found.state == STATE_UNKNOWN) & np.isin(found.reason, _OFF)
            states.append(np.where(off, OFF_PLAN, found.state).astype(np.int8))
            sums.append([float(metres[one.state == CLEARED].sum()) for one in (then, found)])
            synthetic |= bool(found.synthetic.any())
        mine = [one for one in read_amendments(connection) if one.to_at >= moments[0] and one.from_at <= end]
    # a road that was on nobody's plan all the while is left out; one that was is unknown when the watch knows no plan
    all_states = np.array(states)
    was_off = (all_states == OFF_PLAN).all(axis=0)
    shown = np.where((all_states == OFF_PLAN) & ~was_off, STATE_UNKNOWN, all_states).astype(np.int8)
    return Review(
        event, settings.timezone, network, tuple(in_zone(at, settings.timezone) for at in moments), shown,
        np.array([one[0] for one in sums]), np.array([one[1] for one in sums]), tuple(mine[::-1]), synthetic,
    )  # fmt: skip


_OFF = (REASONS.index(Reason.NOT_ON_PLAN), REASONS.index(Reason.NO_EVENT))


def _last_event(connection: psycopg.Connection[Row]) -> int:
    rows = connection.execute(read_sql("yukimichi", "list_events"), {"is_all": False}).fetchall()
    found = next((row[0] for row in rows if row[1] != EventKind.STANDING and to_us(row[3]) <= to_us(now())), None)
    if found is None:
        raise NotFoundError("There was no storm and no callout yet.", hint="Open one: yukimichi event open NAME.")
    return int(found)
