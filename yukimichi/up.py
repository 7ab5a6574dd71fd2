"""`yukimichi up`: from whatever state the machine is in to a served map."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

from geo.db import Database, Role, read_sql
from geo.matching.matcher import lay_line
from geo.settings import Settings
from geo.store.network import refresh_network
from geo.store.plans import refresh_plans
from geo.timeline import now
from yukimichi.cluster import Cluster
from yukimichi.context import Context, opened, secret, settings_of
from yukimichi.debian import find_or_install
from yukimichi.demo_load import SOURCE, load_demo, synthetic_source
from yukimichi.demo_places import DemoCameras, load_demo_places
from yukimichi.demo_weather import DELAY, DemoWeather, send_weather
from yukimichi.pipeline import World, refresh
from yukimichi.player import send_until
from yukimichi.progress import say, stage
from yukimichi.reports.keep import is_due as reports_due
from yukimichi.retention import is_due
from yukimichi.serving import require_port, serve_until_stopped
from yukimichi.storm import Wish, make_storm, read_state
from yukimichi.supervise import supervised

#: The demo's storm: how long before the first start it began, and how long after it goes on.
DEMO_PAST = timedelta(hours=5)
DEMO_FUTURE = timedelta(hours=3)
#: So much of its past is kept back and played faster than the clock, so that the map moves from the first minute.
DEMO_BACKLOG = timedelta(minutes=20)
DEMO_SEED = 1


def run(config: Path | None, *, with_demo: bool, speed: float) -> None:
    """Database, demo, stages, worker, server. Returns when the server has been stopped."""
    started = time.perf_counter()
    require_port(settings_of(config).server)
    with opened(config) as context:
        settings = context.settings
        _furnish(context, with_demo=with_demo)
        with supervised(config, commands_of(settings, speed), _chores(context, config)):
            serve_until_stopped(context, started)


def _furnish(context: Context, *, with_demo: bool) -> None:
    """Roads, the demo's where there are none, and a first publication. The network is let go of before serving."""
    settings, world = context.settings, World()
    if not has_roads(context.database) and with_demo:
        _first_demo(context, world)
    if has_roads(context.database) and not is_published(context.database):
        refresh(context.database, settings, secret(settings), now(), world)


def commands_of(settings: Settings, speed: float) -> list[list[str]]:
    """What runs beside the server: workers, the storm of the demo, the listener and the poller where they have work."""
    n_workers, storm = settings.worker.n_workers, read_state(settings)
    commands = [["work", "--worker", str(i), "--of", str(n_workers)] for i in range(n_workers)]
    if storm is not None and not storm.is_over and speed > 0:
        commands.append(["simulate", "--live", str(speed)])
    if settings.mqtt.url is not None:
        commands.append(["listen"])
    if any(source.arcgis is not None for source in settings.sources.values()):
        commands.append(["poll"])
    return commands


def _chores(context: Context, config: Path | None) -> list[Callable[[], object]]:
    """Keep the private cluster up, run retention once a day, and let the weather of the demo come in."""
    chores: list[Callable[[], object]] = [partial(_daily, context, config), DemoWeather(context, SOURCE),
                                            DemoCameras(context)]  # fmt: skip
    if context.settings.database.url is None:
        chores.insert(0, partial(_revive, Cluster(context.settings.home, find_or_install(say))))
    return chores


def _daily(context: Context, config: Path | None) -> None:
    """Retention in a process of its own: what it takes of memory goes with it."""
    if is_due(context, now()):
        options = ["--config", str(config)] if config else []
        subprocess.run([sys.executable, "-m", "yukimichi", "retention", "--if-due", *options], check=False)


def _reports_chore(context: Context, config: Path | None) -> Callable[[], object]:
    """Daily reports in a process of their own, for the same reason; one that fails is not tried again at once."""
    wait_s = context.settings.reports.refresh_min * 60
    tried = float("-inf")

    def chore() -> None:
        nonlocal tried
        if time.monotonic() - tried < wait_s or not reports_due(context, now()):
            return
        tried = time.monotonic()
        options = ["--config", str(config)] if config else []
        command = [sys.executable, "-m", "yukimichi", "report", "refresh", "--if-due", *options]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL)

    return chore


def _revive(cluster: Cluster) -> None:
    if cluster.start():
        say("The database had stopped and was started again.")


def _first_demo(context: Context, world: World) -> None:
    """The synthetic prefecture, with a storm that began some hours ago and goes on."""
    from yukimichi.demo_raster import load_demo_raster

    files = load_demo(context)
    with stage("Network 道路ネットワーク") as step:
        change = refresh_network(context.database, context.settings.networks_dir, context.settings.network, step)
    network, index = world.take(change.network)
    with stage("Plans laid on roads 計画") as step:
        refresh_plans(context.database, network, partial(lay_line, network, index), step)
    present = now()
    state = make_storm(context, network, SOURCE, Wish(present - DEMO_PAST, present + DEMO_FUTURE, DEMO_SEED))
    with stage("Weather 気象"):
        send_weather(context, state, present - DELAY)
    with stage("Places and buses 施設・バス"):
        load_demo_places(context, files, present)
    with stage("Raster ラスタ") as step:
        load_demo_raster(context, files, state, present - DELAY, step)
    with stage("Fixes 測位点"):
        send_until(context, synthetic_source(context, SOURCE), present - DEMO_BACKLOG)


def has_roads(database: Database) -> bool:
    """Whether any road set has been taken in."""
    with database.connect(Role.ENGINE) as connection:
        return connection.execute(read_sql("yukimichi", "has_roads")).fetchone() == (True,)


def is_published(database: Database) -> bool:
    """Whether anything is published, so that serving can start at once."""
    with database.connect(Role.READER) as connection:
        return connection.execute(read_sql("yukimichi", "is_published")).fetchone() == (True,)
