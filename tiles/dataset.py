"""What is published now: the one row of pub.dataset, and the versions that addresses and ETags rest on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.rows import AsyncRowFactory, dict_row

from geo.db import read_sql
from geo.vocabulary import Reason
from layers.catalogue import Collection, collections
from layers.default_reason import default_reason
from layers.generalise import content_key


@dataclass(frozen=True, slots=True)
class Dataset:
    """pub.dataset, with the names of the reference layers. Box in degrees, times zone-aware."""

    network_version: int
    n_edges: int
    is_synthetic: bool
    event_id: int
    event_kind: str
    event_name: str
    reference_at: datetime
    as_of: datetime
    status_version: int
    network_key: str
    plan_key: str
    reference_key: str
    west: float
    south: float
    east: float
    north: float
    published_at: datetime
    withheld_version: int = 0
    places_key: str = ""
    reference_layers: tuple[str, ...] = ()

    @property
    def roads_version(self) -> str:
        """Version of the road tiles: another content has another one, whatever database it comes from."""
        return _roads_version(self.network_version, self.network_key, self.plan_key)

    @property
    def ground(self) -> tuple[int, str, str, str, str]:
        """What geometry tiles are made of; as long as it is the same, so are their versions."""
        return self.network_version, self.network_key, self.plan_key, self.reference_key, self.places_key

    @property
    def basis(self) -> tuple[str, int, bool, int]:
        """What states are of: roads, event, made up or not, what is withheld. Only status versions of one basis can be
        compared, and what was made of another basis is never served."""
        return self.roads_version, self.event_id, self.is_synthetic, self.withheld_version

    @property
    def reference_version(self) -> str:
        """Version of the tiles of reference layers."""
        return self.reference_key

    @property
    def places_version(self) -> str:
        """Version of the tiles of places, the priority network and buses."""
        return self.places_key or "none"

    @property
    def bbox(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the roads in degrees."""
        return self.west, self.south, self.east, self.north

    @property
    def default_reason(self) -> Reason:
        """Why a piece is unknown that the snapshot does not list."""
        return default_reason(self.event_kind)

    @property
    def collections(self) -> Mapping[str, Collection]:
        """Every collection that is served, by id."""
        return collections(self.reference_layers)

    def moment(self, now: datetime) -> datetime:
        """The moment of an answer: now, or as_of where a storm is replayed ahead of the clock."""
        return max(now, self.as_of)


@lru_cache(maxsize=8)
def _roads_version(network_version: int, network_key: str, plan_key: str) -> str:
    key = hashlib.sha256(f"{network_key}|{plan_key}|{content_key()}".encode()).hexdigest()[:10]
    return f"{network_version}-{key}"


async def read_dataset(connection: psycopg.AsyncConnection[Any], known: Dataset | None = None) -> Dataset | None:
    """The present dataset, None before the first publication. `known` spares the question for the layers."""
    factory: AsyncRowFactory[dict[str, Any]] = dict_row
    async with connection.cursor(row_factory=factory) as cursor:
        await cursor.execute(read_sql("tiles", "dataset"))
        row = await cursor.fetchone()
        if row is None:
            return None
        if known is not None and known.reference_key == row["reference_key"]:
            return Dataset(**row, reference_layers=known.reference_layers)
        await cursor.execute(read_sql("tiles", "reference_layers"))
        layers = tuple(found["layer"] for found in await cursor.fetchall())
        return Dataset(**row, reference_layers=layers)
