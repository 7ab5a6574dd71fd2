"""What every command starts from: the settings, and a database that is up and migrated."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from geo.db import Database
from geo.migrate import migrate
from geo.settings import Settings, load_settings
from yukimichi.cluster import open_database
from yukimichi.debian import find_or_install
from yukimichi.logs import configure
from yukimichi.progress import say

#: The environment variable that `yukimichi up` sets for the processes that it looks after.
SUPERVISED = "YUKI_SUPERVISED"


@dataclass(frozen=True, slots=True)
class Context:
    """The settings and where the database is."""

    settings: Settings
    database: Database


def settings_of(config: Path | None) -> Settings:
    """The settings of `--config`, or of ./config.yml."""
    return load_settings(config)


@contextmanager
def opened(config: Path | None) -> Iterator[Context]:
    """A migrated database for the length of the block; a cluster that this call started is stopped at its end.

    A process of `yukimichi up` leaves it running (SUPERVISED is set): others use it, and `up` stops it.
    """
    settings = settings_of(config)
    configure(settings.log)
    database, cluster = open_database(
        settings.home, lambda: find_or_install(say), settings.database.url, settings.database.role_urls
    )
    try:
        migrate(database)
        yield Context(settings, database)
    finally:
        if cluster is not None and SUPERVISED not in os.environ:
            cluster.stop()


def secret(settings: Settings) -> bytes:
    """The secret behind public plough ids; made once, readable by this user only."""
    file = settings.home / "secret"
    if not file.exists():
        settings.home.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_bytes(secrets.token_bytes(32))
    return file.read_bytes()
