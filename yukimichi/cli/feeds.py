"""`yukimichi listen` and `yukimichi poll`: positions from a broker, features of an ArcGIS server."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated

import typer

from geo.errors import ConfigError, YukiError
from yukimichi.cli.options import Config
from yukimichi.cli.reports import show
from yukimichi.context import Context, opened
from yukimichi.progress import say, stage


@contextmanager
def until_told() -> Iterator[threading.Event]:
    """An event that SIGTERM or Ctrl-C sets; what is being written is finished first."""
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    former = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stopping
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def listen(
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts at the end as JSON. JSON で出力")] = False,
) -> None:
    """Take positions from the MQTT broker of config.yml, until stopped. MQTT ブローカーから測位点を受け取る.

    Topics are ploughs/SOURCE/VEHICLE. A message is acknowledged after its commit; the broker keeps what comes while
    this command does not run. The password comes by YUKI_MQTT_PASSWORD or mqtt.password_file.
    """
    with opened(config) as context, until_told() as stopping:
        counts = run_listener(context, stopping)
    show(counts, as_json=as_json)


def run_listener(context: Context, stopping: threading.Event) -> object:
    """Listen until `stopping` is set; the counts. Raises ConfigError where mqtt.url is not set."""
    from ingest.mqtt import Listener
    from ingest.mqtt_client import read_password

    settings = context.settings.mqtt
    if settings.url is None:
        raise ConfigError("mqtt.url is not set.", hint="docs/feeds.md has an example for config.yml.")
    listener = Listener(context.database, settings, context.settings.sources, password=read_password(settings), say=say)
    listener.run(stopping)
    return listener.counts


def poll(
    source: Annotated[
        str | None, typer.Argument(help="One source; all that have `arcgis` if left out. データ源")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Poll each once and end. 一度だけ取得する")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --once: print reports as JSON. JSON で出力")] = False,
    config: Config = None,
) -> None:
    """Fetch vehicles, roads and closures from ArcGIS Feature Services. ArcGIS から車両・道路・通行止を取得する.

    Sources with `arcgis` in config.yml are asked at their intervals until this is stopped: vehicles for what was
    edited since, roads and closures as a whole. How each poll went stands in `yukimichi status`.
    """
    with opened(config) as context:
        if once:
            _poll_once(context, source, as_json)
            return
        with until_told() as stopping:
            run_poller(context, stopping, source)


def run_poller(context: Context, stopping: threading.Event, source: str | None = None) -> None:
    """Poll until `stopping` is set. Raises ConfigError where no source has a layer to poll."""
    from ingest.arcgis import feeds, keep_polling

    chosen = feeds(context.settings.sources, source)
    say(f"poll: {', '.join(chosen)}")
    keep_polling(context.database, chosen, stopping, say, snap_m=context.settings.network.snap_m)


def _poll_once(context: Context, source: str | None, as_json: bool) -> None:
    """Poll each source; the first error is raised after all have been asked."""
    from ingest.arcgis import feeds, poll_source

    reports, errors = [], []
    for name, settings in feeds(context.settings.sources, source).items():
        try:
            with stage(f"{name}"):
                reports.append(poll_source(context.database, name, settings, snap_m=context.settings.network.snap_m))
        except YukiError as error:
            errors.append(error)
            say(f"poll {name}: {error}")
    show({"polls": reports}, as_json=as_json)
    if errors:
        raise errors[0]


def register(app: typer.Typer) -> None:
    """Hang the commands of this file onto the application."""
    app.command("listen")(listen)
    app.command("poll")(poll)
