"""The level of service is kept up to date beside the worker, and a failure is tried again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from geo.db import Database, Role
from geo.settings_service import ServiceSettings
from geo.store.events import open_event
from geo.timeline import now
from geo.vocabulary import EventKind
from tests.yukimichi.archive_town import Town
from yukimichi import service_keeper
from yukimichi.service_keeper import ServiceKeeper


@pytest.fixture
def town(database: Database, tmp_path: Path) -> Town:
    """A street with a route, in a storm that is open, published once."""
    made = Town(database, tmp_path / "home")
    open_event(database, EventKind.STORM, "大雪", now() - timedelta(hours=3))
    made.refresh()
    network = made.network()
    with database.connect(Role.ENGINE) as connection:
        connection.execute(
            "INSERT INTO net.plough_route (route_id, name, route_class, manager, target_time, planned_m, laid_m, "
            "is_synthetic) VALUES ('A', '路線A', '第1種', 'prefecture', '07:00', 3000, 3000, false)"
        )
        for edge in network.edge_id.tolist():
            connection.execute(
                "INSERT INTO net.plan_edge (network_version, route_id, edge_id, from_m, to_m) "
                "VALUES (%s, 'A', %s, 0, 3000)",
                (network.version, edge),
            )
    made.settings = made.settings.model_copy(update={"service": ServiceSettings(refresh_min=0.001)})
    return made


@pytest.fixture
def keeper(town: Town) -> Iterator[ServiceKeeper]:
    network = town.network()
    made = ServiceKeeper(town.database, town.settings, lambda: network)
    yield made
    if made.is_started:
        made.stop()


def published(town: Town) -> list[tuple[object, ...]]:
    return town.rows("SELECT kind, name, achieved_fraction, missed_fraction FROM pub.service_level", Role.PUBLISH)


def test_it_works_the_level_out_and_publishes_it(town: Town, keeper: ServiceKeeper) -> None:
    assert published(town) == []
    keeper.refresh()
    assert published(town) == [("route", "A", 0.0, 0.0)]
    kinds = {row[0] for row in town.rows("SELECT kind FROM mgr.service_level", Role.PUBLISH)}
    assert kinds == {"all", "manager", "office"}


def test_a_failure_is_tried_again(town: Town, keeper: ServiceKeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    tries, done = [0], threading.Event()
    refresh = service_keeper.refresh_service

    def failing(*given: object) -> int:
        tries[0] += 1
        if tries[0] == 1:
            raise psycopg.OperationalError("away")
        n = refresh(*given)  # type: ignore[arg-type]
        done.set()
        return n

    monkeypatch.setattr(service_keeper, "refresh_service", failing)
    keeper.start()
    assert done.wait(60)
    keeper.stop()
    assert tries[0] >= 2
    assert published(town) == [("route", "A", 0.0, 0.0)]


def test_without_a_network_it_waits(town: Town) -> None:
    keeper = ServiceKeeper(town.database, town.settings, lambda: None)
    keeper.refresh()
    assert keeper.n_refreshed == 0
