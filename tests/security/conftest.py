"""The town of canaries, served once for a file of tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from geo.db import Database
from geo.settings import Settings
from tests.security.addresses import addresses
from tests.security.town import AS_OF, KEYS, fill
from tests.served_town import serving
from tiles.service import Service
from yukimichi.cluster import Cluster
from yukimichi.server import create_app


@dataclass(frozen=True)
class World:
    """The served town: its database, its application and where that is."""

    database: Database
    app: FastAPI
    address: str

    def client(self, key: str | None = None) -> httpx.Client:
        """A client, with a key or without."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.address, headers=headers, timeout=30)

    def asked(self) -> list[str]:
        """Every address, with the ids that an administrator sees."""
        with self.client("canary-key-admin") as client:
            listed = [one["id"] for one in client.get("/ogc/collections?f=json").json()["collections"]]
            found: dict[str, Any] = {
                name: client.get(f"/ogc/collections/{name}/items", params={"f": "json", "limit": 2}) for name in listed
            }
        ids = {
            name: [str(feature["id"]) for feature in answer.json().get("features", ())]
            for name, answer in found.items()
            if answer.status_code == 200
        }
        with self.client() as client:
            config = client.get("/config.json").json()
        own = (config["roads_version"], "1-x")
        versions = {"version": (*own, config["reference_version"]), "roads_version": own}
        return addresses(self.app, listed, ids, versions)


@pytest.fixture(scope="module")
def world(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[World]:
    """A database of the file's own, filled, published and served at AS_OF."""
    name = f"canaries_{request.module.__name__.rpartition('.')[2]}"
    cluster.create_database(name, "template_yuki")
    database = cluster.database(name)
    try:
        fill(database)
        app = create_app(Settings(), database, Service(Settings(), database, clock=lambda: AS_OF))
        with serving(app) as address:
            yield World(database, app, address)
    finally:
        cluster.drop_database(name)


@pytest.fixture(scope="module")
def asked(world: World) -> list[str]:
    """Every address of the town."""
    assert set(KEYS)
    return world.asked()
