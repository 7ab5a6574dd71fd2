"""The order of the stages: read, pure function, write. Each is idempotent: on the same data it changes nothing.

roads, plans, fixes in raw ─► network ─► plans laid ─► match ─► status ─► publish
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import numpy as np
from numpy.typing import NDArray

from geo.db import Database, Role, read_sql
from geo.errors import NotFoundError
from geo.matching.candidates import GridIndex, build_index
from geo.matching.matcher import lay_line
from geo.matching.online_open import OpenTrips
from geo.network import Network
from geo.plans import Laid, LayLine
from geo.settings import Settings
from geo.store.amendments import late_of
from geo.store.callouts import refresh_callouts
from geo.store.devices import load_device_stats, refresh_device_health, rules_of
from geo.store.facts import MatchReport, match_new_fixes
from geo.store.lines import LinesReport, match_new_lines
from geo.store.managers import refresh_managers
from geo.store.network import NetworkChange, refresh_network
from geo.store.orders_stage import OrderStage, OrdersTurn
from geo.store.place_lines import PlaceLinesReport, refresh_place_lines
from geo.store.places import PlacesReport, refresh_places
from geo.store.plans import PlansReport, refresh_plans
from geo.store.rasters import refresh_rasters
from geo.store.report_cache import refresh_reports
from geo.store.reports import ReportRules
from geo.store.service_sums import refresh_service
from geo.store.snow_cells import refresh_snow
from geo.store.statistics import refresh_statistics
from geo.store.status import StatusReport, refresh_status
from layers.publish import PublishReport, publish
from yukimichi.progress import silent, stage


@dataclass(slots=True)
class World:
    """What a process keeps from run to run: the network, replaced when its version changes, and the open traces."""

    network: Network | None = None
    index: GridIndex | None = None
    open_trips: OpenTrips = field(default_factory=OpenTrips)

    def take(self, network: Network) -> tuple[Network, GridIndex]:
        """The network and its grid, built again only for another version."""
        if self.network is None or self.index is None or self.network.version != network.version:
            self.network, self.index = network, build_index(network)
        return self.network, self.index


def network_summary(change: NetworkChange) -> dict[str, object]:
    """What a person wants to know of a network: its version, what changed, the figures of its topology."""
    return {"network_version": change.network.version, "is_new": change.is_new, **change.report}


def current_network(database: Database, settings: Settings) -> Network:
    """The network of the roads of today. Raises NotFoundError where no roads have been ingested."""
    with stage("Network 道路ネットワーク") as step:
        return refresh_network(database, settings.networks_dir, settings.network, step).network


def lay_plans(database: Database, settings: Settings) -> PlansReport:
    """The plans of today laid on the network of today. Raises NotFoundError where no roads have been ingested."""
    network = current_network(database, settings)
    with stage("Plans laid on roads 計画") as step:
        return refresh_plans(database, network, partial(lay_line, network, build_index(network)), step)


def lay_places(database: Database, settings: Settings) -> tuple[PlacesReport, PlaceLinesReport]:
    """The register of places brought up to date, the priority network and buses laid on the network of today.

    Where no roads have been ingested the register alone: lines are laid once there are roads.
    """
    try:
        network = current_network(database, settings)
    except NotFoundError:
        with database.connect(Role.ENGINE) as connection:
            return refresh_places(connection), PlaceLinesReport(is_new=False)
    with stage("Places and buses 施設・バス") as step:
        return refresh_place_lines(database, network, _line_layer(network), step)


def _line_layer(network: Network) -> LayLine:
    """Lays lines by the matcher; its grid is built with the first line."""
    index: list[GridIndex] = []

    def lay(line: NDArray[np.float64]) -> Laid:
        if not index:
            index.append(build_index(network))
        return lay_line(network, index[0], line)

    return lay


def lay_orders(database: Database, settings: Settings) -> OrdersTurn:
    """Lay the orders of road managers that are not laid as they stand. Raises NotFoundError without any road."""
    with database.connect(Role.ENGINE) as connection:
        if connection.execute(read_sql("geo", "queries/has_new_orders")).fetchone() != (True,):
            return OrdersTurn()
    network = refresh_network(database, settings.networks_dir, settings.network, lambda done, total: None).network
    with database.connect(Role.ENGINE) as connection:
        return OrderStage(network, partial(build_index, network)).refresh(connection)


def apply_orders(database: Database, settings: Settings, secret: bytes, as_of: datetime) -> OrdersTurn:
    """What a worker does within a second, where none runs: lay new orders, then states, then publish."""
    turn = lay_orders(database, settings)
    network = refresh_network(database, settings.networks_dir, settings.network, lambda done, total: None).network
    refresh_status(database, network, settings.states, as_of)
    publish_all(database, settings, secret, as_of)
    return turn


def publish_all(database: Database, settings: Settings, secret: bytes, as_of: datetime) -> PublishReport:
    """Publish with the masks of the settings; a publication stop that was entered and not laid yet is laid first."""
    lay_orders(database, settings)
    with database.connect(Role.ENGINE) as connection:
        refresh_rasters(connection)
        refresh_managers(connection)
    return publish(
        database, as_of, secret, mask_m=settings.publish.mask_m, heard_min=settings.status.silent_min,
        shift_gap_min=settings.status.shift_gap_min,
    )  # fmt: skip


def report_rules(settings: Settings) -> ReportRules:
    """What daily reports need of the settings."""
    return ReportRules(settings.reports, settings.timezone, settings.status.shift_gap_min * 60)


def _judge_devices(database: Database, settings: Settings, as_of: datetime) -> None:
    """What is known of the devices, judged for a moment."""
    with database.connect(Role.ENGINE) as connection:
        refresh_device_health(connection, load_device_stats(connection), rules_of(settings), as_of)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What one run of the stages changed."""

    network: NetworkChange
    plans: PlansReport
    match: MatchReport
    lines: LinesReport
    status: StatusReport
    published: PublishReport


def refresh(
    database: Database, settings: Settings, secret: bytes, as_of: datetime, world: World, *, quiet: bool = False
) -> Refreshed:
    """Bring everything up to date with what is in raw.

    Raises NotFoundError where no roads have been ingested.
    """
    step_of = silent if quiet else stage
    with step_of("Network 道路ネットワーク") as step:
        change = refresh_network(database, settings.networks_dir, settings.network, step)
        network, index = world.take(change.network)
    with step_of("Plans laid on roads 計画") as step:
        plans = refresh_plans(database, network, partial(lay_line, network, index), step)
    with step_of("Places and buses 施設・バス") as step:
        refresh_place_lines(database, network, partial(lay_line, network, index), step)
    refresh_callouts(database, settings.events)
    with step_of("Map matching 照合") as step:
        match = match_new_fixes(database, network, index, settings, step, open_trips=world.open_trips)
    with step_of("Lines 作業線") as step:
        lines = match_new_lines(database, network, index, step, late=late_of(settings.events))
    n_passes = match.n_passes + lines.n_passes
    refresh_statistics(database, n_passes + network.n_edges * (change.is_new or plans.is_new))
    with step_of("Snow 降雪"), database.connect(Role.ENGINE) as connection:
        refresh_snow(connection, settings.snow, as_of)
    with step_of("Orders 指示"), database.connect(Role.ENGINE) as connection:
        OrderStage(network, lambda: index).refresh(connection)
    with step_of("Coverage and states 除雪範囲"):
        status = refresh_status(database, network, settings.states, as_of)
        _judge_devices(database, settings, as_of)
    with step_of("Level of service 除雪水準"):
        refresh_service(database, network, settings, as_of)
    refresh_statistics(database, status.n_changed)
    with step_of("Daily reports 作業日報"):
        refresh_reports(database, report_rules(settings), as_of)
    with step_of("Publish 公開"):
        published = publish_all(database, settings, secret, as_of)
    return Refreshed(change, plans, match, lines, status, published)
