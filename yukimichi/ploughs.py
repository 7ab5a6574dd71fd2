"""Publishes machines beside the rounds of the worker: it takes long for many machines, and no state waits for it."""

from __future__ import annotations

import logging
import threading

import psycopg

from geo.db import Database, Role, Row
from geo.timeline import now
from layers.publish_live import Masks, publish_machines

LOG = logging.getLogger(__name__)
#: Machines are published so often, seconds; after a failure the next time is later.
EVERY_S, RETRY_S = 1.0, 5.0


class Ploughs:
    """A thread with a connection of its own; whatever fails is tried again."""

    def __init__(self, database: Database, masks: Masks) -> None:
        self._database, self._masks = database, masks
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="yukimichi ploughs", daemon=True)
        self.n_published = 0

    @property
    def is_started(self) -> bool:
        """Whether `start` was called."""
        return self._thread.ident is not None

    def start(self) -> None:
        """Begin; something has to be published already."""
        self._thread.start()

    def stop(self) -> None:
        """End after the publication that is under way."""
        self._stopping.set()
        self._thread.join(RETRY_S)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._database.conninfo_of(Role.PUBLISH), autocommit=True) as connection:
                    self._publish(connection)
            except psycopg.Error as error:
                LOG.warning("Machines could not be published, the next time is in %.0f s: %s", RETRY_S, error)
                self._stopping.wait(RETRY_S)

    def _publish(self, connection: psycopg.Connection[Row]) -> None:
        while not self._stopping.wait(EVERY_S):
            with connection.transaction():
                publish_machines(connection, now(), self._masks)
            self.n_published += 1
