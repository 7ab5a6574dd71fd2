"""The last word of each device while it is heard: where it is, whether it works, since when its shift goes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.crs import to_plane
from geo.db import Row, read_sql
from geo.fix import TREATMENTS, Fixes
from geo.shifts import DEPOT_M, DEPOT_STAY_S
from geo.store.fixes import Vehicle
from geo.timeline import from_us, to_us
from geo.work import DEADHEAD, PASS, WorkStates

#: Last words are written together, at most so often, seconds.
EVERY_S = 1.0


@dataclass(slots=True)
class _Shift:
    """The present shift: its first fix; the stay at a depot that goes on, if any: since when, and its last fix."""

    began: tuple[datetime, float, float]
    depot_since_us: int | None = None
    depot_last: tuple[int, float, float] = (0, 0.0, 0.0)

    def take(self, at_us: int, lon: float, lat: float, is_at_depot: bool) -> None:
        """Take the next fix: a shift begins with the last fix of a long stay at a depot (geo.shifts)."""
        if is_at_depot:
            self.depot_since_us = at_us if self.depot_since_us is None else self.depot_since_us
            self.depot_last = (at_us, lon, lat)
        elif self.depot_since_us is not None:
            last_us, *place = self.depot_last
            if last_us - self.depot_since_us >= DEPOT_STAY_S * 1e6:
                self.began = (from_us(last_us), place[0], place[1])
            self.depot_since_us = None

    def is_over(self, at_us: int) -> bool:
        """Whether the stay at the depot is long enough to end the shift."""
        return self.depot_since_us is not None and at_us - self.depot_since_us >= DEPOT_STAY_S * 1e6


class Words:
    """The last words that are still to be written, and the shifts of the vehicles heard."""

    def __init__(self) -> None:
        self._shifts: dict[int, _Shift] = {}
        self._new: dict[int, dict[str, Any]] = {}
        self._depots: cKDTree | None = None
        self._written_us = 0

    def begin(self, connection: psycopg.Connection[Row], vehicle_ids: list[int], crs_epsg: int) -> None:
        """Go on with the shifts that are stored of some vehicles; depots are read again."""
        found = connection.execute(read_sql("geo", "queries/read_depots")).fetchall()
        depots = np.array(found, np.float64).reshape(-1, 2)
        self._depots = cKDTree(to_plane(depots[:, 0], depots[:, 1], crs_epsg)) if len(depots) else None
        params = {"vehicle_ids": vehicle_ids}
        for row in connection.execute(read_sql("geo", "queries/read_vehicle_states"), params).fetchall():
            self._shifts[int(row[0])] = _Shift((row[2], row[3], row[4]))

    def at_depot(self, xy: NDArray[np.float64]) -> NDArray[np.bool_]:
        """(n,) whether each of (n, 2) places is at a depot."""
        if self._depots is None or not len(xy):
            return np.zeros(len(xy), np.bool_)
        near, _ = self._depots.query(xy, distance_upper_bound=DEPOT_M)
        return np.asarray(np.isfinite(near), np.bool_)

    def take(
        self, vehicle: Vehicle, fixes: Fixes, work: WorkStates, part: slice, at_depot: NDArray[np.bool_], edge_id: int
    ) -> None:
        """Take new fixes of a vehicle, a part of all: the last of them is its last word. edge_id -1: not known."""
        at = part.stop - 1
        here = (from_us(int(fixes.at_us[at])), float(fixes.lon[at]), float(fixes.lat[at]))
        shift = self._shifts.setdefault(vehicle.vehicle_id, _Shift(here))
        for i in range(part.start, part.stop):
            shift.take(int(fixes.at_us[i]), float(fixes.lon[i]), float(fixes.lat[i]), bool(at_depot[i]))
        heading, treatment = float(fixes.heading_deg[at]), int(work.treatment[at])
        self._new[vehicle.vehicle_id] = {
            "vehicle_id": vehicle.vehicle_id, "last_fix_at": here[0], "lon": here[1], "lat": here[2],
            "heading_deg": None if np.isnan(heading) else heading,
            "is_working": {PASS: True, DEADHEAD: False}.get(int(work.kind[at])),
            "treatment": None if treatment < 0 else str(TREATMENTS[treatment]),
            "shift_started_at": shift.began[0], "shift_start_lon": shift.began[1], "shift_start_lat": shift.began[2],
            "is_shift_over": shift.is_over(int(fixes.at_us[at])), "edge_id": None if edge_id < 0 else edge_id,
            "is_synthetic": vehicle.is_synthetic, "source": vehicle.source, "vehicle": vehicle.external_id,
        }  # fmt: skip

    def write(self, connection: psycopg.Connection[Row], now: datetime) -> int:
        """Write what is new, if the last time is long enough ago; how many."""
        if not self._new or abs(to_us(now) - self._written_us) < EVERY_S * 1e6:
            return 0
        rows, self._new, self._written_us = list(self._new.values()), {}, to_us(now)
        text = json.dumps(rows, default=str, ensure_ascii=False)
        connection.execute(read_sql("geo", "queries/write_vehicle_words"), {"rows": text})
        return len(rows)
