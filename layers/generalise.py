"""Which roads a zoom shows, and how coarse: one band of zooms after another, stated wherever tiles are described.

A tile is drawn 512 pixels wide, so one pixel at zoom z is 40,075,016.7 m / 2^z / 512 of EPSG:3857. A band is
simplified by half a pixel of its highest zoom, which nobody sees. The highest band keeps every vertex.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

from geo.vocabulary import ROAD_CLASSES, RoadClass

#: Zooms above this are drawn by the client from the tiles of this one (4,096 units over 2.4 km: 0.6 m).
MAX_ZOOM = 14
#: Equator of the sphere of EPSG:3857 in metres (radius 6,378,137 m).
EQUATOR_M = 2 * pi * 6_378_137

THROUGH = (RoadClass.EXPRESSWAY, RoadClass.NATIONAL)
PREFECTURAL = (*THROUGH, RoadClass.MAJOR_PREFECTURAL, RoadClass.PREFECTURAL)
MAIN = (*PREFECTURAL, RoadClass.MUNICIPAL_MAIN)


@dataclass(frozen=True, slots=True)
class Band:
    """Zooms min_zoom to max_zoom show `classes`, simplified by tolerance_m metres of EPSG:3857."""

    min_zoom: int
    max_zoom: int
    classes: tuple[RoadClass, ...]
    tolerance_m: float


def _half_pixel_m(zoom: int) -> float:
    return EQUATOR_M / (1 << zoom) / 512 / 2


#: From the lowest zooms up; the last shows every class.
BANDS: tuple[Band, ...] = (
    Band(0, 7, THROUGH, _half_pixel_m(7)),
    Band(8, 9, PREFECTURAL, _half_pixel_m(9)),
    Band(10, 11, MAIN, _half_pixel_m(11)),
    Band(12, MAX_ZOOM, ROAD_CLASSES, 0.0),
)

#: Rank of each class in tiles: 0 is the most important.
RANKS: dict[str, int] = {road_class.value: rank for rank, road_class in enumerate(ROAD_CLASSES)}


def left_out(band: Band) -> tuple[RoadClass, ...]:
    """The classes that a band does not show."""
    return tuple(road_class for road_class in ROAD_CLASSES if road_class not in band.classes)


def statement() -> list[dict[str, object]]:
    """What each band of zooms shows and leaves out, for the metadata of tilesets."""
    return [
        {
            "minzoom": band.min_zoom,
            "maxzoom": band.max_zoom,
            "classes": [road_class.value for road_class in band.classes],
            "left_out": [road_class.value for road_class in left_out(band)],
            "simplified_by_m": round(band.tolerance_m, 1),
        }
        for band in BANDS
    ]
