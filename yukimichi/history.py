"""Past states for people: sums by state, and files of all edges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas as pd
import shapely

from geo.crs import to_lonlat
from geo.db import Database, Role
from geo.errors import InputError
from geo.network import Network
from geo.settings import Settings
from geo.status import REASONS, STATES
from geo.store.amendments import Amendment
from geo.store.history import status_at
from geo.store.network import load_network
from geo.store.status import StatusAt
from geo.timeline import in_zone
from geo.vocabulary import ROAD_CLASSES

#: Drivers of the files that can be written, by ending.
DRIVERS = {".geojson": "GeoJSON", ".gpkg": "GPKG"}


@dataclass(frozen=True, slots=True)
class PastStatus:
    """The states of a network at a moment, as known at another (None: now)."""

    network: Network
    found: StatusAt
    as_of: datetime
    known_at: datetime | None

    @staticmethod
    def read(
        database: Database, settings: Settings, as_of: datetime, known_at: datetime | None = None,
        network: Network | None = None,
    ) -> PastStatus:  # fmt: skip
        """Read them, as yuki_engine. Raises NotFoundError where there is no network, or for a moment before 1970."""
        network = network or load_network(database, settings.networks_dir)
        with database.connect(Role.ENGINE) as connection:
            found = status_at(connection, network, settings, as_of, known_at)
        return PastStatus(network, found, as_of, known_at)

    def table(self) -> pd.DataFrame:
        """One row a carriageway that traffic may use: edge_id, road_class, length_m, state, reason, times, evidence."""
        s, at = self.found.status, np.flatnonzero(self.network.is_open)
        return pd.DataFrame(
            {
                "edge_id": self.network.edge_id[at],
                "road_class": np.array([str(word) for word in ROAD_CLASSES])[self.network.road_class[at >> 1]],
                "length_m": self.network.length_m[at >> 1],
                "state": np.array([str(word) for word in STATES])[s.state[at]],
                "state_ja": np.array([word.ja for word in STATES])[s.state[at]],
                "reason": np.array([str(word) for word in REASONS])[s.reason[at]],
                "reason_ja": np.array([word.ja for word in REASONS])[s.reason[at]],
                "covered_fraction": s.covered_fraction[at],
                "confidence": s.confidence[at],
                "cleared_at": _moments(s.cleared_us[at]),
                "valid_until": _moments(s.valid_until_us[at]),
                "observed_at": _moments(s.observed_us[at]),
                "synthetic": s.synthetic[at],
            }
        )

    def lines(self) -> geopandas.GeoDataFrame:
        """`table` with the geometry of each edge along digitising, longitude and latitude."""
        piece = np.flatnonzero(self.network.is_open) >> 1
        lonlat = to_lonlat(self.network.shape_xy, self.network.crs_epsg)
        row = np.repeat(np.arange(len(self.network.piece_id)), np.diff(self.network.shape_start))
        shapes = shapely.linestrings(lonlat, indices=row)
        return geopandas.GeoDataFrame(self.table(), geometry=shapes[piece], crs="EPSG:4326")

    def by_state(self) -> dict[str, dict[str, float]]:
        """Number of edges and kilometres by state."""
        at = np.flatnonzero(self.network.is_open)
        state, length_m = self.found.status.state[at], self.network.length_m[at >> 1]
        n_edges, metres = np.bincount(state, minlength=4), np.bincount(state, weights=length_m, minlength=4)
        sums = zip(STATES, n_edges.tolist(), metres.tolist(), strict=True)
        return {str(word): {"n_edges": n, "km": round(m / 1000, 3)} for word, n, m in sums}

    def summary(self, zone: str) -> dict[str, Any]:
        """What a person wants to know first, with times on the clock of a zone."""
        event = self.found.event
        return {
            "as_of": in_zone(self.as_of, zone).isoformat(),
            "known_at": None if self.known_at is None else in_zone(self.known_at, zone).isoformat(),
            "event": {"event_id": event.event_id, "kind": str(event.kind), "name": event.name,
                      "reference_at": in_zone(event.reference_at, zone).isoformat()},
            "states": self.by_state(),
            "amended_at": _local(self.found.amended_at, zone),
        }  # fmt: skip

    def write(self, file: Path) -> None:
        """Write every edge: .geojson and .gpkg with geometry, .csv (UTF-8 with BOM, for spreadsheets) without.

        Raises InputError for another ending.
        """
        ending = file.suffix.lower()
        if ending == ".csv":
            self.table().to_csv(file, index=False, encoding="utf-8-sig")
        elif ending in DRIVERS:
            self.lines().to_file(file, driver=DRIVERS[ending])
        else:
            raise InputError(f"{file}: no such kind of file.", hint=f"End it in .csv, {', '.join(DRIVERS)}.")


def amendment_row(one: Amendment, zone: str) -> dict[str, Any]:
    """A change of the past, with times on the clock of a zone."""
    return {
        "recorded_at": _local(one.recorded_at, zone),
        "cause": str(one.cause),
        "cause_ja": one.cause.ja,
        "from_at": _local(one.from_at, zone),
        "to_at": _local(one.to_at, zone),
        "event_ids": list(one.event_ids),
        "n_edges": one.n_edges,
        "n_passes_written": one.n_passes_written,
        "n_passes_superseded": one.n_passes_superseded,
    }


def _local(at: datetime | None, zone: str) -> str | None:
    return None if at is None else in_zone(at, zone).isoformat()


def _moments(at_us: np.ndarray[Any, np.dtype[np.int64]]) -> pd.DatetimeIndex:
    """Moments in UTC; NEVER, the least number, is what numpy calls no moment."""
    return pd.DatetimeIndex(at_us.astype("datetime64[us]")).tz_localize("UTC")
