"""Keeps the level of service up to date beside the rounds of the worker.

It looks at all facts of the event, and no state waits for it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import psycopg

from geo.db import Database, Role
from geo.errors import YukiError
from geo.network import Network
from geo.settings import Settings
from geo.store.service_sums import refresh_service
from geo.timeline import now
from layers.service import publish_service

LOG = logging.getLogger(__name__)
#: After a failure the next time comes earlier than by the settings, seconds; and the end of the thread is waited for.
RETRY_S, END_S = 30.0, 10.0


class ServiceKeeper:
    """A thread with connections of its own; whatever fails is tried again.

    network  gives the network that the worker has in hand; None: it has none yet
    """

    def __init__(self, database: Database, settings: Settings, network: Callable[[], Network | None]) -> None:
        self._database, self._settings, self._network = database, settings, network
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="yukimichi service level", daemon=True)
        self.n_refreshed = 0

    @property
    def is_started(self) -> bool:
        """Whether `start` was called."""
        return self._thread.ident is not None

    def start(self) -> None:
        """Begin; the first time is one interval later, since the worker has just brought everything up to date."""
        self._thread.start()

    def stop(self) -> None:
        """End after the refreshment that is under way."""
        self._stopping.set()
        self._thread.join(END_S)

    def _run(self) -> None:
        every_s = wait_s = self._settings.service.refresh_min * 60
        while not self._stopping.wait(wait_s):
            try:
                self.refresh()
                wait_s = every_s
            except (YukiError, psycopg.Error) as error:
                wait_s = min(RETRY_S, every_s)
                LOG.warning("The level of service is not up to date, the next try is in %.0f s: %s", wait_s, error)

    def refresh(self) -> None:
        """Work it out for now, and publish it."""
        network = self._network()
        if network is None:
            return
        refresh_service(self._database, network, self._settings, now())
        with self._database.connect(Role.PUBLISH) as connection:
            publish_service(connection)
        self.n_refreshed += 1
