"""The matchers that are compared, each behind the same four questions: prepare, open, match, what does it cost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from benchmarks.drives import Drive
from benchmarks.peers.client import Client, as_question, edges_of
from benchmarks.peers.osm_file import Ways, ways_of, write_ways
from benchmarks.peers.way_back import from_osrm, from_valhalla, segments_of
from geo.fix import Fixes

type Ints = NDArray[np.int64]

OURS, VALHALLA, OSRM = "ours", "Valhalla", "OSRM"
#: Valhalla with its own breakage distance, measured for speed alone.
VALHALLA_OWN = "Valhalla, breakage 2 km"
#: Metres on which fixes may be apart in Valhalla before a route is broken off; its own 2 km break drives at 60 s.
BREAKAGE_M = 10_000.0
OWN_BREAKAGE_M = 2_000.0
#: Valhalla drops a way that takes longer than the time between two fixes by this factor (default 5), by seconds between
#: fixes: the best of 1.4 to 10 on noisy Seattle, whose roads carry true speeds.
TIME_FACTOR = {1.0: 5.0, 10.0: 2.0, 30.0: 1.75, 60.0: 1.5}
#: Best of 10, 15, 20 and 30 m over all drives and samplings, all with `tidy`; 5 and 10 m without it are worse.
OSRM_RADIUS_M = 15.0


class Told(StrEnum):
    """What a matcher is told: nothing, how noisy the fixes are, or besides that the speeds of roads are true."""

    NOTHING = "told nothing"
    SIGMA = "told σ"
    SPEEDS = "told σ, speeds trusted"


@dataclass(frozen=True, slots=True)
class Condition:
    """Told what, of fixes with noise of sigma_m (None: as they are), one in every_s seconds."""

    told: Told = Told.NOTHING
    sigma_m: float | None = None
    every_s: float = 1.0

    @property
    def known_m(self) -> float | None:
        """sigma_m for those that are told of it."""
        return None if self.told is Told.NOTHING else self.sigma_m


@dataclass(frozen=True, slots=True)
class Found:
    """Directed edges of our network in order; failed says why there is none."""

    edges: Ints
    failed: str | None = None


@dataclass(frozen=True, slots=True)
class Files:
    """A drive as the contenders read it."""

    drive: Drive
    ways: Ways
    osm: Path
    folder: Path


class Contender(Protocol):
    """A matcher in a process of its own. takes: what it can be told."""

    name: str
    takes: tuple[Told, ...]
    client: Client

    def prepare(self, files: Files) -> dict[str, Any]: ...
    def open(self, files: Files, condition: Condition) -> str: ...
    def match(self, fixes: Fixes) -> Found: ...
    def cpu(self, fixes: Fixes, least_s: float) -> dict[str, Any]: ...


@dataclass
class Ours:
    """This project's matcher. Told means that each fix claims sigma_m as its accuracy."""

    client: Client
    name: str = OURS
    takes: tuple[Told, ...] = (Told.NOTHING, Told.SIGMA)
    claimed_m: float | None = None

    def prepare(self, files: Files) -> dict[str, Any]:
        return self.client.ask("prepare", roads=str(files.drive.folder / "roads.parquet"))

    def open(self, files: Files, condition: Condition) -> str:
        self.claimed_m = condition.known_m
        return str(self.client.ask("open", roads=str(files.drive.folder / "roads.parquet"))["version"])

    def match(self, fixes: Fixes) -> Found:
        answer = self.client.ask("match", **as_question(fixes), accuracy_m=self.claimed_m)
        return Found(np.array(answer["edges"], np.int64))

    def cpu(self, fixes: Fixes, least_s: float) -> dict[str, Any]:
        return self.client.ask("cpu", least_s=least_s, **as_question(fixes), accuracy_m=self.claimed_m)


def valhalla_settings(condition: Condition, breakage_m: float) -> tuple[dict[str, float], dict[str, float]]:
    """Valhalla's model (in its configuration) and trace options (in each question)."""
    model, options = {"breakage_distance": breakage_m}, {}
    if condition.told is Told.SPEEDS:
        model["max_route_time_factor"] = TIME_FACTOR[condition.every_s]
    if (sigma_m := condition.known_m) is not None:
        # gps_accuracy changes nothing below the search radius: the spread that the costs know is sigma_z
        model["sigma_z"] = sigma_m / 2
        options["search_radius"] = min(max(50.0, 3.3 * sigma_m), 100.0)
        options["interpolation_distance"] = 4 * sigma_m
    return model, options


@dataclass
class Valhalla:
    """Meili, Valhalla's matcher."""

    client: Client
    name: str = VALHALLA
    takes: tuple[Told, ...] = tuple(Told)
    breakage_m: float = BREAKAGE_M
    files: Files | None = None
    settings: dict[str, float] = field(default_factory=dict)

    def prepare(self, files: Files) -> dict[str, Any]:
        return self.client.ask("prepare", roads=str(files.osm), folder=str(files.folder / "valhalla"))

    def open(self, files: Files, condition: Condition) -> str:
        self.files = files
        model, self.settings = valhalla_settings(condition, self.breakage_m)
        return str(self.client.ask("open", folder=str(files.folder / "valhalla"), model=model)["version"])

    def match(self, fixes: Fixes) -> Found:
        assert self.files is not None
        answer = self.client.ask("match", **as_question(fixes), settings=self.settings)
        road = from_valhalla(self.files.ways, answer["edges"])
        return Found(edges_of(self.files.drive.piece, road), answer.get("failed"))

    def cpu(self, fixes: Fixes, least_s: float) -> dict[str, Any]:
        return self.client.ask("cpu", least_s=least_s, **as_question(fixes), settings=self.settings)


@dataclass
class Osrm:
    """OSRM's match service, with multi-level Dijkstra. Its radius is what it takes as the standard deviation."""

    client: Client
    name: str = OSRM
    takes: tuple[Told, ...] = (Told.NOTHING, Told.SIGMA)
    files: Files | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    road: dict[tuple[int, int], int] = field(default_factory=dict)

    def prepare(self, files: Files) -> dict[str, Any]:
        return self.client.ask("prepare", roads=str(files.osm), folder=str(files.folder / "osrm"))

    def open(self, files: Files, condition: Condition) -> str:
        if self.files is not files:
            self.files, self.road = files, segments_of(files.ways)
        radius_m = OSRM_RADIUS_M if condition.known_m is None else condition.known_m
        self.settings = {"radius_m": radius_m, "gaps": "ignore", "tidy": True}
        return str(self.client.ask("open", folder=str(files.folder / "osrm"))["version"])

    def match(self, fixes: Fixes) -> Found:
        assert self.files is not None
        answer = self.client.ask("match", **as_question(fixes), settings=self.settings)
        return Found(edges_of(self.files.drive.piece, from_osrm(self.road, answer["legs"])), answer.get("failed"))

    def cpu(self, fixes: Fixes, least_s: float) -> dict[str, Any]:
        return self.client.ask("cpu", least_s=least_s, **as_question(fixes), settings=self.settings)


@contextmanager
def started(python: Path, peers_python: Path) -> Iterator[list[Contender]]:
    """Ours, Valhalla, OSRM, and Valhalla as it comes for its speed; each in a process that ends with the block."""
    with ExitStack() as stack:
        ours = stack.enter_context(Client(python, "benchmarks.peers.our_worker"))
        valhalla, valhalla_own = (
            stack.enter_context(Client(peers_python, "benchmarks.peers.valhalla_worker")) for _ in range(2)
        )
        osrm = stack.enter_context(Client(peers_python, "benchmarks.peers.osrm_worker"))
        yield [Ours(ours), Valhalla(valhalla), Osrm(osrm), Valhalla(valhalla_own, VALHALLA_OWN, (), OWN_BREAKAGE_M)]


def files_of(drive: Drive, folder: Path) -> Files:
    """Writes the roads of a drive as an OSM file into the folder."""
    roads = gpd.read_parquet(drive.folder / "roads.parquet")
    speed_mps = roads["speed_mps"].to_numpy() if "speed_mps" in roads else None
    ways = ways_of(roads["road_id"].to_numpy(), roads.geometry.to_numpy(), roads["oneway"].to_numpy(), speed_mps)
    folder.mkdir(parents=True)
    write_ways(ways, folder / "roads.osm.pbf")
    return Files(drive, ways, folder / "roads.osm.pbf", folder)
