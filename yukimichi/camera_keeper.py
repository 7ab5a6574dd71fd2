"""Keeps the newest picture of each camera beside the rounds of the worker: browsers never ask another host.

A picture is asked for by the interval of its register. After failures the next try comes later and later, and the
collection says why there is no newer picture.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import psycopg

from geo.db import Database, Role
from geo.errors import YukiError
from geo.settings import Settings
from geo.timeline import now
from geo.vocabulary import CameraProblem
from ingest.camera_fetch import Link, fetch, read_links
from layers.cameras import Outcome, Try, drop_old, keep_outcome, read_tries
from tiles.caching import etag_of

LOG = logging.getLogger(__name__)
#: It looks so often what is due; after a failure of our own the next look is later; the end of a look is waited for.
LOOK_S, RETRY_S, END_S = 5.0, 30.0, 15.0


class CameraKeeper:
    """A thread with connections of its own; whatever fails is tried again."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime] = now) -> None:
        self._database, self._settings, self._clock = database, settings, clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="yukimichi cameras", daemon=True)
        self.n_tried = 0

    @property
    def is_started(self) -> bool:
        """Whether `start` was called."""
        return self._thread.ident is not None

    def start(self) -> None:
        """Begin; what is due is fetched at once."""
        self._thread.start()

    def stop(self) -> None:
        """End after the pictures that are under way."""
        self._stopping.set()
        self._thread.join(END_S)

    def _run(self) -> None:
        wait_s = 0.0
        while not self._stopping.wait(wait_s):
            try:
                self.look()
                wait_s = LOOK_S
            except (YukiError, psycopg.Error) as error:
                wait_s = RETRY_S
                LOG.warning("Cameras are not up to date, the next look is in %.0f s: %s", wait_s, error)

    def look(self) -> int:
        """Fetch what is due, and keep what it gave; how many tries."""
        moment = self._clock()
        with self._database.connect(Role.INGEST) as connection:
            links = read_links(connection)
        with self._database.connect(Role.PUBLISH) as connection:
            tries = read_tries(connection)
            drop_old(connection, moment - timedelta(hours=self._settings.cameras.keep_h))
        due = [(link, tries[link.camera_id]) for link in links
               if link.camera_id in tries and _is_due(link, tries[link.camera_id], moment)]  # fmt: skip
        if not due:
            return 0
        with ThreadPoolExecutor(self._settings.cameras.n_threads, thread_name_prefix="camera") as pool:
            for outcome in pool.map(lambda pair: self._try(*pair), due):
                with self._database.connect(Role.PUBLISH) as connection:
                    keep_outcome(connection, outcome)
        self.n_tried += len(due)
        return len(due)

    def _try(self, link: Link, last: Try) -> Outcome:
        settings, is_same = self._settings.cameras, last.link_key == link.link_key
        found = fetch(
            link.link, settings, self._settings.camera_files_dir, self._clock(),
            etag=last.source_etag if is_same else None, modified=last.source_modified if is_same else None,
        )  # fmt: skip
        at = self._clock()
        is_good = found.problem is CameraProblem.NONE
        n_failures = 0 if is_good else (last.n_failures if is_same else 0) + 1
        if n_failures == 1:
            LOG.warning("The camera %s gives no picture: %s", link.camera_id, found.problem.value)
        outcome = Outcome(
            link.camera_id, link.link_key, at, at + timedelta(seconds=self._wait_s(link, n_failures)), n_failures,
            found.problem, image_at=found.image_at, fetched_at=at if is_good else None, source_etag=found.source_etag,
            source_modified=found.source_modified,
        )  # fmt: skip
        if found.picture is None:
            return outcome
        picture, etag = found.picture, etag_of(found.picture.jpeg).strip('"')
        return replace(outcome, image=picture.jpeg, width=picture.width, height=picture.height, etag=etag)

    def _wait_s(self, link: Link, n_failures: int) -> float:
        """Seconds to the next try: the interval, doubled with each failure up to a limit."""
        settings = self._settings.cameras
        interval_s = max(float(link.interval_s), settings.least_interval_s)
        return min(interval_s * 2.0 ** min(n_failures, 16), max(settings.retry_max_min * 60, interval_s))


def _is_due(link: Link, last: Try, moment: datetime) -> bool:
    return last.next_at is None or last.next_at <= moment or last.link_key != link.link_key
