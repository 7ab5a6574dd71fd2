"""OpenStreetMap PBF and XML as roads: drivable ways, split where they share a node.

Tag rules follow the OpenStreetMap wiki (Key:highway, Key:oneway, Key:access, Key:layer, Key:maxspeed; read in 2025).
Who manages a road OpenStreetMap seldom says, so the manager stays unknown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import osmium
import shapely

from geo.errors import InputError
from ingest.files import refuse_empty, require
from ingest.quarantine import Rejects, Why
from ingest.road_rows import RoadRows, json_of
from ingest.road_values import TO_MPS

SUFFIXES = (".pbf", ".osm", ".osm.gz", ".osm.bz2", ".osh", ".o5m")

#: highway values that motor vehicles drive on, and our class for each; a `_link` has the class of its road.
CLASSES = {
    "motorway": "expressway", "trunk": "national", "primary": "major_prefectural", "secondary": "prefectural",
    "tertiary": "municipal_main", "unclassified": "municipal", "residential": "municipal",
    "living_street": "municipal", "service": "service", "road": "unknown", "busway": "service",
}  # fmt: skip
#: Values of access tags under which no motor vehicle enters. `private` stays open: a plough works there by contract.
CLOSED = frozenset({"no", "emergency", "military"})
#: Access keys for motor vehicles, the most specific first.
ACCESS_KEYS = ("motor_vehicle", "vehicle", "access")
KEPT_TAGS = (
    "highway",
    "ref",
    "name",
    "name:ja",
    "name:en",
    "access",
    "motor_vehicle",
    "surface",
    "sidewalk",
    "operator",
)
WALK_MPS = 7 / 3.6  # maxspeed=walk
_SPEED = re.compile(r"^(\d+(?:\.\d+)?)\s*(km/h|kmh|mph|knots)?$")
_WIDTH = re.compile(r"^(\d+(?:\.\d+)?)\s*m?$")


def is_osm(path: Path) -> bool:
    """Whether the name of a file says OpenStreetMap."""
    return path.name.lower().endswith(SUFFIXES)


def road_class(tags: Mapping[str, str]) -> str | None:
    """Our class of a way; None for what is no drivable road (or only an area)."""
    highway = tags.get("highway", "")
    if tags.get("area") == "yes":
        return None
    return CLASSES.get(highway.removesuffix("_link"))


def oneway(tags: Mapping[str, str]) -> int:
    """1 along the way's direction only, -1 against it only, 0 both. Motorways and roundabouts imply 1."""
    said = tags.get("oneway", "")
    if said in ("yes", "true", "1"):
        return 1
    if said in ("-1", "reverse"):
        return -1
    if said in ("no", "false", "0", "reversible", "alternating"):
        return 0
    implied = tags.get("junction") in ("roundabout", "circular") or tags.get("highway", "") in (
        "motorway", "motorway_link",
    )  # fmt: skip
    return 1 if implied else 0


def level(tags: Mapping[str, str]) -> int:
    """The layer as tagged, else 1 for a bridge and -1 for a tunnel."""
    said = re.match(r"[-+]?\d+$", tags.get("layer", ""))
    if said:
        return max(-10, min(10, int(said[0])))
    if tags.get("bridge", "no") not in ("no", ""):
        return 1
    return -1 if tags.get("tunnel", "no") not in ("no", "", "culvert", "building_passage") else 0


def is_closed(tags: Mapping[str, str]) -> bool:
    """Whether motor vehicles may not enter; the most specific access tag decides."""
    said = next((tags[key] for key in ACCESS_KEYS if key in tags), "yes")
    return said in CLOSED


def speed_mps(tags: Mapping[str, str]) -> float | None:
    """maxspeed in metres per second; None where it is not tagged as a number."""
    said = tags.get("maxspeed", "").strip()
    if said == "walk":
        return WALK_MPS
    found = _SPEED.match(said)
    if not found:
        return None
    unit = {"mph": "mph", "knots": "kn"}.get(found[2] or "", "km/h")
    value = float(found[1]) * TO_MPS[unit]
    return value if 0.5 <= value <= 70 else None


def lanes(tags: Mapping[str, str]) -> int | None:
    """The number of lanes; None where it is not tagged as one."""
    said = tags.get("lanes", "").strip()
    return int(said) if said.isdigit() and 1 <= int(said) <= 20 else None


def width_m(tags: Mapping[str, str]) -> float | None:
    """The width in metres; None where it is not tagged in metres."""
    found = _WIDTH.match(tags.get("width", "").strip())
    return float(found[1]) if found and 0.5 <= float(found[1]) <= 100 else None


@dataclass(slots=True)
class _Ways:
    """What one reading of the file found: tags of each way, and its nodes one after the other."""

    way_id: list[int] = field(default_factory=list)
    tags: list[dict[str, str]] = field(default_factory=list)
    start: list[int] = field(default_factory=lambda: [0])
    ref: list[int] = field(default_factory=list)
    lon: list[float] = field(default_factory=list)
    lat: list[float] = field(default_factory=list)
    item: list[int] = field(default_factory=list)
    n_ways: int = 0
    n_incomplete: int = 0

    def add(self, way_id: int, tags: dict[str, str], nodes: list[tuple[int, float, float]]) -> None:
        self.way_id.append(way_id)
        self.item.append(self.n_ways)
        self.tags.append(tags)
        self.ref.extend(node[0] for node in nodes)
        self.lon.extend(node[1] for node in nodes)
        self.lat.extend(node[2] for node in nodes)
        self.start.append(len(self.ref))


def _runs(way: osmium.osm.Way) -> list[list[tuple[int, float, float]]]:
    """The located nodes of a way; a node that the extract lacks splits it."""
    runs: list[list[tuple[int, float, float]]] = [[]]
    for node in way.nodes:
        if node.location.valid():
            runs[-1].append((node.ref, node.lon, node.lat))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if len(run) > 1]


def _read(path: Path, rejects: Rejects, progress: Callable[[int], None] | None) -> _Ways:
    ways = _Ways()
    keys = osmium.filter.KeyFilter("highway")
    try:
        processor = osmium.FileProcessor(str(path)).with_locations().with_filter(
            osmium.filter.EntityFilter(osmium.osm.WAY)
        ).with_filter(keys)  # fmt: skip
        for n, way in enumerate(processor):
            assert isinstance(way, osmium.osm.Way)
            tags = dict(way.tags)
            if road_class(tags) is None:
                continue
            runs = _runs(way)
            if sum(map(len, runs)) < len(way.nodes):
                ways.n_incomplete += 1
            if not runs:
                payload = {"file": str(path), "way": way.id, "tags": tags}
                rejects.add(Why.MISSING_NODE, "the extract lacks the nodes of this way", payload, item=ways.n_ways)
            for run in runs:
                ways.add(way.id, tags, run)
            ways.n_ways += 1
            if progress is not None and n % 10_000 == 0:
                progress(n)
    except (RuntimeError, OSError) as error:
        raise InputError(f"{path}: not readable as OpenStreetMap data: {error}.", hint="Download it again.") from error
    return ways


def read_osm(
    path: Path, rejects: Rejects, progress: Callable[[int], None] | None = None
) -> tuple[RoadRows, int, dict[str, int]]:
    """Roads of a file, topological at their end points, the number of drivable ways, and notes for the report.

    `item` counts ways from 0, `part` the pieces of one; external_id is `<way id>:<piece>`. Raises InputError.
    """
    refuse_empty(require(path))
    ways = _read(path, rejects, progress)
    if not ways.way_id:
        raise InputError(f"{path}: no drivable road inside.", hint="Is it an extract with `highway` ways?")
    xy = np.column_stack([ways.lon, ways.lat])
    first, last, way = _split(np.asarray(ways.ref), np.asarray(ways.start))
    lengths = last - first + 1
    index = np.repeat(np.arange(len(first)), lengths)
    vertex = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths) + first[index]
    geometry = shapely.linestrings(xy[vertex], indices=index)
    keep = shapely.length(geometry) > 0
    for position in way[~keep]:
        payload = {"file": str(path), "way": ways.way_id[position]}
        rejects.add(Why.ZERO_LENGTH, "all nodes of the piece lie at one place", payload, item=ways.item[position])
    rows = _rows(ways, way[keep], geometry[keep])
    return rows, ways.n_ways, {"ways_with_missing_nodes": ways.n_incomplete}


def _split(ref: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First and last vertex of every piece and the way of each: ways cut at nodes that occur more than once."""
    _, inverse, n_uses = np.unique(ref, return_inverse=True, return_counts=True)
    cut = n_uses[inverse] > 1
    cut[start[:-1]] = True
    cut[start[1:] - 1] = True
    at = np.flatnonzero(cut)
    way = np.searchsorted(start, at, side="right") - 1
    same = way[1:] == way[:-1]
    return at[:-1][same], at[1:][same], way[:-1][same]


def _rows(ways: _Ways, way: np.ndarray, geometry: np.ndarray) -> RoadRows:
    # a way with missing nodes lies here as several runs, which share its item
    item = [ways.item[i] for i in way.tolist()]
    part = (np.arange(len(way)) - np.searchsorted(item, item)).tolist()
    external_id = [f"{ways.way_id[i]}:{k}" for i, k in zip(way.tolist(), part, strict=True)]

    def per_way[T](read: Callable[[dict[str, str]], T]) -> list[T]:
        values = [read(tags) for tags in ways.tags]
        return [values[i] for i in way.tolist()]

    return RoadRows(
        item=item,
        part=part,
        external_id=external_id,
        name=per_way(lambda tags: tags.get("name:ja") or tags.get("name")),
        route=per_way(lambda tags: tags.get("ref")),
        manager=["unknown"] * len(item),
        road_class=per_way(lambda tags: road_class(tags) or "unknown"),
        oneway=per_way(oneway),
        level=per_way(level),
        lanes=per_way(lanes),
        width_m=per_way(width_m),
        speed_mps=per_way(speed_mps),
        is_closed=per_way(is_closed),
        attributes=per_way(lambda tags: json_of({key: tags[key] for key in KEPT_TAGS if key in tags})),
        geometry=geometry,
    )
