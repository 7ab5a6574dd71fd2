"""Where places are, judged: swapped coordinates, nowhere, outside the area; and ids for places that have none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from geo.db import Row, read_sql
from ingest.quarantine import Why

type Box = tuple[float, float, float, float]
type Geometries = NDArray[np.object_]

#: Two places of one kind and name within this many decimals of a degree (0.001: some 100 m) are one place.
ID_DECIMALS = 3
#: Places of one kind nearer to each other than this are told, degrees: some 30 m.
CLOSE_DEG = 0.0003


def area_around_roads(connection: psycopg.Connection[Row], margin_deg: float) -> Box | None:
    """The box around all roads of today with a margin, degrees; None where there are no roads."""
    row = connection.execute(read_sql("ingest", "road_extent")).fetchone()
    if row is None or row[0] is None:
        return None
    west, south, east, north = row
    return west - margin_deg, south - margin_deg, east + margin_deg, north + margin_deg


def _is_in(lon: float, lat: float, box: Box) -> bool:
    return box[0] <= lon <= box[2] and box[1] <= lat <= box[3]


def position_fault(lon: float, lat: float, area: Box | None) -> tuple[Why, str] | None:
    """What is wrong with a position; None: nothing."""
    at = f"longitude {lon:.6g}, latitude {lat:.6g}"
    if not (np.isfinite(lon) and np.isfinite(lat)):
        return Why.NOT_FINITE, "a coordinate is no number"
    if lon == 0 and lat == 0:
        return Why.ZERO_POSITION, "both coordinates are 0"
    if abs(lat) > 90 or abs(lon) > 180:
        if abs(lon) <= 90 and abs(lat) <= 180:
            return Why.SWAPPED_COORDINATES, f"{at}: the other way round it would be a place"
        return Why.NOT_FINITE, f"{at}: no longitude and latitude"
    if area is not None and not _is_in(lon, lat, area):
        if _is_in(lat, lon, area):
            return Why.SWAPPED_COORDINATES, f"{at}: the other way round it lies in the area"
        west, south, east, north = area
        box = f"{west:.2f} to {east:.2f}, {south:.2f} to {north:.2f}"
        return Why.OUTSIDE_AREA, f"{at}: far from all roads ({box})"
    return None


def place_faults(geometry: Geometries, area: Box | None) -> dict[int, tuple[Why, str]]:
    """Faults by position of features (n,) in degrees, by the middle of each; what has no geometry is not looked at."""
    some = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    middle = np.full((len(geometry), 2), np.nan)
    bounds = shapely.bounds(geometry[some])
    middle[some] = np.column_stack([bounds[:, [0, 2]].mean(axis=1), bounds[:, [1, 3]].mean(axis=1)])
    found = {int(i): position_fault(float(middle[i, 0]), float(middle[i, 1]), area) for i in np.flatnonzero(some)}
    return {i: fault for i, fault in found.items() if fault is not None}


def ids_by_words(words: Sequence[Sequence[str | None]], geometry: Geometries, *, with_place: bool) -> list[str | None]:
    """An id for each of n features from its own words (its name, say), so that it is the same in the next delivery.

    with_place  a feature whose words another one has too gets its rounded position as well
    None where all words are missing.
    """
    joined = ["|".join(word for word in row if word) for row in words]
    times = Counter(joined)
    ids: list[str | None] = []
    for text, shape in zip(joined, geometry, strict=True):
        if text and with_place and times[text] > 1 and shape is not None and not shapely.is_empty(shape):
            west, south, east, north = shapely.bounds(shape).tolist()
            text += f"@{(west + east) / 2:.{ID_DECIMALS}f},{(south + north) / 2:.{ID_DECIMALS}f}"
        ids.append(text or None)
    return ids


def close_notes(kinds: Sequence[str], geometry: Sequence[Any]) -> list[str]:
    """What a person should look at: places of one kind that lie on top of each other under two ids."""
    points = shapely.centroid(np.array(geometry, dtype=object))
    a, b = shapely.STRtree(points).query(points, predicate="dwithin", distance=CLOSE_DEG)
    found = Counter(kinds[i] for i, j in zip(a.tolist(), b.tolist(), strict=True) if i < j and kinds[i] == kinds[j])
    return [f"{n} pairs of {kind} lie within some 30 m of each other" for kind, n in sorted(found.items())]


def notes_of(kind_name: str, attributes: Sequence[Mapping[str, Any]], geometry: Sequence[Any]) -> list[str]:
    """Notes for the report of a delivery of this kind; nothing for kinds that are no places."""
    if kind_name not in ("places", "cameras") or not attributes:
        return []
    return close_notes([str(row.get("kind") or kind_name) for row in attributes], geometry)
