"""A synthetic storm over whatever network is loaded: simulated once, written to files, then taken in or played live.

Files in `home/storm`: fixes.parquet, truth.parquet (what was really driven) and storm.json (where the playing stands).
A storm may reach into the future; its fixes are sent when their time has come, and never before.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from geo.crs import to_plane
from geo.db import Database, Role, read_sql
from geo.errors import NotFoundError
from geo.network import Network
from geo.settings import Settings
from geo.store.events import close_event, open_event
from geo.timeline import in_zone
from geo.vocabulary import EventKind
from yukimichi.context import Context
from yukimichi.progress import stage
from yukimichi.simulator import Duty, Storm, duties_from_plan, make_duties, simulate, write_run

#: A new storm leaves this much room after the last fix of the one before, so that no vehicle is in two places.
ROOM = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class StormState:
    """storm.json: which event it belongs to and up to when its fixes have been sent (ISO 8601)."""

    source: str
    event_id: int
    begins_at: str
    ends_at: str
    seed: int
    sent_to: str

    @property
    def sent_until(self) -> datetime:
        """The moment up to which fixes have been sent."""
        return datetime.fromisoformat(self.sent_to)

    @property
    def is_over(self) -> bool:
        """Whether everything has been sent."""
        return self.sent_until >= datetime.fromisoformat(self.ends_at)


def folder_of(settings: Settings) -> Path:
    """Where the storm's files lie."""
    return settings.home / "storm"


def read_state(settings: Settings) -> StormState | None:
    """The storm that was simulated last; None if there is none."""
    file = folder_of(settings) / "storm.json"
    return StormState(**json.loads(file.read_text(encoding="utf-8"))) if file.exists() else None


def write_state(settings: Settings, state: StormState) -> None:
    """Replace storm.json in one step."""
    file = folder_of(settings) / "storm.json"
    new = file.with_suffix(".new")
    new.write_text(json.dumps(asdict(state), indent=1), encoding="utf-8")
    new.replace(file)


def sent(state: StormState, until: datetime) -> StormState:
    """The same storm, with fixes sent up to `until`."""
    return replace(state, sent_to=until.isoformat())


def read_fixes(settings: Settings) -> pd.DataFrame:
    """All fixes of the storm, in order of time."""
    return pd.read_parquet(folder_of(settings) / "fixes.parquet")


@dataclass(frozen=True, slots=True)
class Wish:
    """A storm as it was asked for. share of the machines goes out; n_vehicles is for networks without plans."""

    begins_at: datetime
    ends_at: datetime
    seed: int
    share: float = 1.0
    n_vehicles: int = 40


def make_storm(context: Context, network: Network, source: str, wish: Wish) -> StormState:
    """Simulate a storm for a source, open its event, and close the synthetic one before.

    It begins later than asked where the source has sent fixes since. Nothing is sent yet.
    """
    begins_at = _after_last_fix(context.database, source, wish.begins_at)
    hours = max((wish.ends_at - begins_at).total_seconds() / 3600, 0.5)
    ends_at = begins_at + timedelta(hours=hours)
    duties = duties_of(context.database, network, source) or make_duties(network, wish.n_vehicles, wish.seed)
    storm = Storm(ends_at, hours, wish.share, context.settings.traffic_side)
    with stage("Ploughs simulated 除雪車の模擬走行") as step:
        run = simulate(network, duties, storm, seed=wish.seed, progress=step)
        folder_of(context.settings).mkdir(parents=True, exist_ok=True)
        write_run(run, folder_of(context.settings))
    event_id = _new_event(context.database, begins_at, in_zone(begins_at, context.settings.timezone).date())
    state = StormState(
        source, event_id, begins_at.isoformat(), ends_at.isoformat(), wish.seed, sent_to=begins_at.isoformat()
    )
    write_state(context.settings, state)
    return state


def _after_last_fix(database: Database, source: str, wanted: datetime) -> datetime:
    with database.connect(Role.INGEST) as connection:
        row = connection.execute(read_sql("yukimichi", "last_fix_of_source"), {"source": source}).fetchone()
    last = row[0] if row else None
    return max(wanted, last + ROOM) if last else wanted


def _new_event(database: Database, begins_at: datetime, day: date) -> int:
    with database.connect(Role.ENGINE) as connection:
        before = connection.execute(read_sql("yukimichi", "open_synthetic_events")).fetchall()
    for event_id, reference_at in before:
        close_event(database, event_id, max(begins_at, reference_at + timedelta(seconds=1)))
    return open_event(database, EventKind.STORM, f"合成降雪 {day.isoformat()}", begins_at, is_synthetic=True).event_id


def duties_of(database: Database, network: Network, source: str) -> list[Duty]:
    """One duty for each machine with a device that the plans assign; empty where there are no plans."""
    with database.connect(Role.ENGINE) as connection:
        edges = connection.execute(
            read_sql("yukimichi", "read_plan_edges"), {"network_version": network.version}
        ).fetchall()
        crews = connection.execute(read_sql("yukimichi", "read_crews")).fetchall()
        depots = connection.execute(read_sql("yukimichi", "read_depot_places")).fetchall()
    if not edges or not crews:
        return []
    plan = pd.DataFrame(edges, columns=["route_id", "section_id", "edge_id", "from_m", "to_m"])
    crew = pd.DataFrame(crews, columns=["route_id", "section_id", "machine_class", "source", "vehicle"])
    place = np.array(depots, float).reshape(-1, 2)
    depot_xy = to_plane(place[:, 0], place[:, 1], network.crs_epsg)
    return duties_from_plan(network, plan, crew[crew["source"].isna() | (crew["source"] == source)], depot_xy)


def require_state(settings: Settings) -> StormState:
    """The storm that was simulated last. Raises NotFoundError where there is none."""
    state = read_state(settings)
    if state is None:
        raise NotFoundError("No storm has been simulated here.", hint="Run `yukimichi simulate` first.")
    return state
