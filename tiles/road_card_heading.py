"""Which way a direction goes, in words: towards a place on numbered roads (金沢方面), else by the compass. Pure.

A direction of a numbered road is named after the settlement that pulls most among those ahead: its size squared over
its distance, of those between NEAR_M and FAR_M from the end of the piece and within AHEAD_DEG of its heading. Where
both directions would get the same name neither does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, cos, degrees, hypot, radians

from geo.vocabulary import RoadClass

NEAR_M, FAR_M = 1_500.0, 40_000.0
AHEAD_DEG = 35.0
#: Metres of a degree of latitude on a sphere of 6,371 km, which is near enough for a direction.
DEGREE_M = 111_195.0
NUMBERED = (RoadClass.EXPRESSWAY, RoadClass.NATIONAL, RoadClass.MAJOR_PREFECTURAL, RoadClass.PREFECTURAL)
COMPASS_JA = ("北", "北東", "東", "南東", "南", "南西", "西", "北西")
COMPASS_EN = (
    "Northbound", "North-eastbound", "Eastbound", "South-eastbound", "Southbound", "South-westbound", "Westbound",
    "North-westbound",
)  # fmt: skip

type Position = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Place:
    """A settlement. size None: not told, which counts as 1."""

    name: str
    name_en: str | None
    size: float | None
    lon: float
    lat: float


def bearing_deg(start: Position, end: Position) -> float:
    """Degrees clockwise from north, 0 to 360, of the way from one position to another (lon, lat in degrees)."""
    east, north = _offset_m(start, end)
    return degrees(atan2(east, north)) % 360


def _offset_m(start: Position, end: Position) -> tuple[float, float]:
    east = (end[0] - start[0]) * cos(radians((start[1] + end[1]) / 2)) * DEGREE_M
    return east, (end[1] - start[1]) * DEGREE_M


def compass(start: Position, end: Position) -> tuple[str, str]:
    """(Japanese, English) name of the direction from one position to another, in eight points."""
    point = round(bearing_deg(start, end) / 45) % 8
    return f"{COMPASS_JA[point]}向き", COMPASS_EN[point]


def place_ahead(places: Sequence[Place], start: Position, end: Position) -> Place | None:
    """The place that a road leads to which is travelled from start to end; None: there is none ahead."""
    heading = bearing_deg(start, end)
    best, most = None, 0.0
    for place in places:
        east, north = _offset_m(end, (place.lon, place.lat))
        distance_m = hypot(east, north)
        if not NEAR_M <= distance_m <= FAR_M:
            continue
        turn = abs((degrees(atan2(east, north)) - heading + 180) % 360 - 180)
        pull = (place.size or 1.0) ** 2 / distance_m
        if turn <= AHEAD_DEG and pull > most:
            best, most = place, pull
    return best


def towards(
    places: Sequence[Place], start: Position, end: Position, *, road_class: str, has_number: bool
) -> tuple[Place | None, Place | None]:
    """Places that name the direction along digitising (start to end) and the one against it; None: the compass does."""
    if not has_number or road_class not in NUMBERED:
        return None, None
    forward, backward = place_ahead(places, start, end), place_ahead(places, end, start)
    if forward is not None and backward is not None and forward.name == backward.name:
        return None, None
    return forward, backward
