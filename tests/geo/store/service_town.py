"""A street of four roads with routes, a section and machines, for the tests of the level of service and the KPI."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from geo.db import Database, Role
from geo.matching.candidates import GridIndex, build_index
from geo.network import Network
from geo.settings import NetworkSettings, Settings
from geo.store.events import open_event
from geo.store.facts import match_new_fixes
from geo.store.network import refresh_network
from geo.vocabulary import EventKind

#: 03:00 on a morning in Japan, two hours after the begin of the storm.
T0 = datetime(2026, 1, 19, 18, 0, tzinfo=UTC)
STORM_AT = T0 - timedelta(hours=2)
SEVEN = datetime(2026, 1, 19, 22, 0, tzinfo=UTC)
STREET: dict[str, Any] = {
    "a": [(0, 0), (500, 0)],
    "b": [(500, 0), (1000, 0)],
    "c": [(1000, 0), (1500, 0)],
    "d": [(1500, 0), (2000, 0)],
}
DOWN, UP = {"blade": True}, {"blade": False}


def hours(n: float) -> timedelta:
    return timedelta(hours=n)


def drive(start: datetime, x0: float, x1: float, flags: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Fixes along the street every 75 m at 5 m/s, 2 m beside it on the left, the last one at x1."""
    way = 1 if x1 > x0 else -1
    metres = [*range(0, int(abs(x1 - x0)), 75), abs(x1 - x0)]
    return [(start + timedelta(seconds=m / 5), x0 + way * m, 2.0 * way, flags) for m in metres]


@dataclass
class ServiceTown:
    """Roads a to d in a row, 500 m each, two ways; routes and machines as a test puts them."""

    database: Database
    network: Network
    index: GridIndex
    settings: Settings
    event_id: int = 0

    def match(self) -> None:
        match_new_fixes(self.database, self.network, self.index, self.settings, at=T0 + hours(72))

    def edge(self, name: str) -> int:
        """Array position of an edge: a> along, a< against."""
        with self.database.connect(Role.ENGINE) as connection:
            rows = connection.execute(
                "SELECT external_id, piece_id FROM net.piece WHERE last_version IS NULL"
            ).fetchall()
        return int(self.network.position_of(dict(rows)[name[0]] * 2 + (name[1] == "<")))  # type: ignore[call-overload]

    def storm(self, kind: EventKind = EventKind.STORM, at: datetime = STORM_AT) -> int:
        self.event_id = open_event(self.database, kind, "大雪", at).event_id
        return self.event_id

    def route(
        self,
        route_id: str,
        names: str,
        vehicle_id: int | None = None,
        *,
        kind: str = "route",
        target: str | None = "07:00",
        depth_cm: float | None = None,
        planned_m: float | None = None,
        contractor: str = "北陸建設",
        office: str | None = "金沢土木",
        route_class: str = "第1種",
        has_machine: bool = True,
        ways: str = "><",
    ) -> None:
        """A route (or section) of whole roads, with one machine."""
        laid = 500.0 * len(names)
        planned = laid if planned_m is None else planned_m
        with self.database.connect(Role.ENGINE) as connection:
            if kind == "route":
                connection.execute(
                    "INSERT INTO net.plough_route (route_id, name, route_class, manager, office, target_time, "
                    "callout_depth_cm, planned_m, laid_m, is_synthetic) "
                    "VALUES (%s, %s, %s, 'prefecture', %s, %s, %s, %s, %s, false)",
                    (route_id, f"路線{route_id}", route_class, office, target, depth_cm, planned, laid),
                )
            else:
                connection.execute(
                    "INSERT INTO net.work_section (section_id, name, manager, planned_m, laid_m, is_synthetic) "
                    "VALUES (%s, %s, 'municipality', NULL, %s, false)",
                    (route_id, f"工区{route_id}", laid),
                )
            for name in names:
                for way in ways:
                    edge = int(self.network.edge_id[self.edge(name + way)])
                    connection.execute(
                        "INSERT INTO net.plan_edge (network_version, route_id, section_id, edge_id, from_m, to_m) "
                        "SELECT %s, %s, %s, %s, 0, length_m FROM net.piece WHERE piece_id = %s",
                        (self.network.version, route_id if kind == "route" else None,
                         route_id if kind == "section" else None, edge, edge >> 1),
                    )  # fmt: skip
            if has_machine:
                connection.execute(
                    "INSERT INTO ops.assignment (route_id, section_id, contractor, machine, vehicle_id, during, "
                    "is_synthetic) VALUES (%s, %s, %s, %s, %s, '[2026-01-18, 2026-01-23)', false)",
                    (route_id if kind == "route" else None, route_id if kind == "section" else None, contractor,
                     f"M {route_id}", vehicle_id),
                )  # fmt: skip

    def planned(self, area_id: str, treatment: str | None, begin: datetime, end: datetime, kind: str = "route") -> None:
        with self.database.connect(Role.ENGINE) as connection:
            connection.execute(
                "INSERT INTO ops.planned_pass (route_id, section_id, treatment, during, is_synthetic) "
                "VALUES (%s, %s, %s, tstzrange(%s, %s, '[]'), false)",
                (area_id if kind == "route" else None, area_id if kind == "section" else None, treatment, begin, end),
            )


def make_town(database: Database, give_roads: Callable[..., int], home: Path) -> ServiceTown:
    """The street in a database."""
    give_roads(STREET)
    network = refresh_network(database, home, NetworkSettings(), lambda done, total: None).network
    return ServiceTown(database, network, build_index(network), Settings(home=home))
