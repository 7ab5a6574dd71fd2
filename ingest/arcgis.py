"""Polls of ArcGIS layers: ask what is new, take it in, note how far it came. docs/feeds.md is the reader's page."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg

from geo.db import Database, Role
from geo.errors import ConfigError, DatabaseProblem, YukiError
from geo.settings import SourceSettings
from geo.settings_feeds import ArcgisSettings
from geo.timeline import now as clock
from ingest.arcgis_http import ArcgisClient, read_token
from ingest.arcgis_layer import Layer, read_layer
from ingest.arcgis_query import LayerReader
from ingest.arcgis_take import Taken, reading_of, take_closures, take_roads, take_vehicles, watermark_of
from ingest.patience import Patience
from ingest.polls import feed_digest, note_failure, note_success, read_watermark
from ingest.registry import register_source

#: A source that fails again and again is asked more and more seldom, down to once in so many seconds.
LONGEST_PAUSE_S = 900.0


@dataclass(frozen=True, slots=True)
class PollReport:
    """What one poll brought.

    since_at      edits from this moment on were asked for; None: everything
    watermark_at  the newest edit known now; None: the layer has no date of edit
    """

    source: str
    kind: str
    layer: str
    since_at: datetime | None
    watermark_at: datetime | None
    taken: Taken
    seconds: float


def feeds(sources: Mapping[str, SourceSettings], chosen: str | None = None) -> dict[str, SourceSettings]:
    """The sources that have a layer to poll, or the chosen one. Raises ConfigError where there is none."""
    found = {name: source for name, source in sources.items() if source.arcgis is not None}
    if chosen is not None:
        found = {name: source for name, source in found.items() if name == chosen}
    if not found:
        which = "No source" if chosen is None else f"Source {chosen!r} does not exist or"
        raise ConfigError(f"{which} has no `arcgis` to poll.", hint="docs/feeds.md has an example for config.yml.")
    return found


def poll_source(
    database: Database,
    name: str,
    source: SourceSettings,
    *,
    snap_m: float = 0.5,
    now: Callable[[], datetime] = clock,
    patience: Patience | None = None,
) -> PollReport:
    """Poll a source once and note the outcome in raw.poll.

    snap_m  of the network, for a road set
    Raises what ArcgisClient.ask raises, InputError, ConfigError, DatabaseProblem.
    """
    assert source.arcgis is not None, "feeds() chooses the sources"
    reading, digest, polled_at = reading_of(source), feed_digest(source), now()
    try:
        with database.connect(Role.INGEST) as connection:
            source_id = register_source(connection, name, "arcgis", reading)
        started = time.perf_counter()
        report = _poll(database, source_id, name, reading, digest, polled_at, snap_m, patience)
    except DatabaseProblem:
        raise
    except psycopg.Error as error:
        raise DatabaseProblem(f"{name}: the database refuses: {error}.", hint="Run `yukimichi doctor`.") from error
    except YukiError as error:
        with database.connect(Role.INGEST) as connection:
            note_failure(connection, source_id, digest, polled_at, str(error))
        raise
    return PollReport(*report, seconds=round(time.perf_counter() - started, 3))


def _poll(
    database: Database,
    source_id: int,
    name: str,
    source: SourceSettings,
    digest: bytes,
    polled_at: datetime,
    snap_m: float,
    patience: Patience | None,
) -> tuple[str, str, str, datetime | None, datetime | None, Taken]:
    """Ask, take in, note; the fields of PollReport."""
    settings = source.arcgis
    assert settings is not None
    with (
        database.connect(Role.INGEST) as connection,
        ArcgisClient(settings, read_token(settings), patience) as client,
    ):
        before = read_watermark(connection, source_id, digest)
        connection.commit()
        layer = read_layer(client.ask(), settings)
        reader = LayerReader(client, layer, settings)
        since = None
        if settings.kind == "vehicles":
            since = _since(before, layer, settings)
            pages = reader.pages(_where(settings, layer, since))
            taken = take_vehicles(connection, source_id, name, source, layer, pages, polled_at)
        elif settings.kind == "roads":
            taken = take_roads(database, name, source, layer, reader.snapshot(settings.where), snap_m)
        else:
            found = reader.snapshot(settings.where)
            taken = take_closures(database, name, source, layer, found, settings.layer)
        newest = [moment for moment in (before, watermark_of(taken, polled_at)) if moment is not None]
        watermark_at = max(newest, default=None)
        summary = {
            "kind": settings.kind, "layer": layer.name, "n_features": taken.n_features, "n_accepted": taken.n_accepted,
            "n_repeated": taken.n_repeated, "n_quarantined": taken.n_quarantined, "quarantined": taken.quarantined,
            "is_changed": taken.is_changed,
        }  # fmt: skip
        note_success(connection, source_id, digest, polled_at, watermark_at, summary)
    return name, settings.kind, layer.name, since, watermark_at, taken


def _since(before: datetime | None, layer: Layer, settings: ArcgisSettings) -> datetime | None:
    if before is None or layer.edit_field is None:
        return None
    return before - timedelta(seconds=settings.overlap_s)


def _where(settings: ArcgisSettings, layer: Layer, since: datetime | None) -> str:
    return settings.where if since is None else f"({settings.where}) AND {layer.since(since)}"


def keep_polling(
    database: Database,
    sources: Mapping[str, SourceSettings],
    stopping: threading.Event,
    say: Callable[[str], None],
    *,
    snap_m: float = 0.5,
) -> None:
    """Poll each source at its interval until `stopping` is set; a source that hangs holds up no other one.

    say  told of every failure, and of the first success after one
    """
    with ThreadPoolExecutor(len(sources), thread_name_prefix="poll") as pool:
        running = [
            pool.submit(_keep_one, database, name, source, stopping, say, snap_m) for name, source in sources.items()
        ]
        wait(running, return_when=FIRST_EXCEPTION)
        stopping.set()  # all have ended, or one ended by what nobody foresaw: then the others end, too
        for one in running:
            one.result()


def _keep_one(
    database: Database,
    name: str,
    source: SourceSettings,
    stopping: threading.Event,
    say: Callable[[str], None],
    snap_m: float,
) -> None:
    assert source.arcgis is not None
    patience = Patience(sleep=stopping.wait)
    interval_s, n_failures = source.arcgis.interval_s, 0
    while not stopping.is_set():
        began = time.monotonic()
        try:
            poll_source(database, name, source, snap_m=snap_m, patience=patience)
        except YukiError as error:
            n_failures += 1
            if not stopping.is_set():
                say(f"poll {name}: {error}")
        else:
            if n_failures:
                say(f"poll {name}: well again after {n_failures} failures")
            n_failures = 0
        stopping.wait(max(0.0, pause_s(interval_s, n_failures) - (time.monotonic() - began)))


def pause_s(interval_s: float, n_failures: int) -> float:
    """Seconds from the begin of one poll to the next: the interval, doubled by each failure in a row, up to
    LONGEST_PAUSE_S or the interval itself where that is longer."""
    return min(interval_s * 2.0 ** min(n_failures, 20), max(interval_s, LONGEST_PAUSE_S))
