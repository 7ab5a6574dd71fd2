"""What a zoom shows, and how coarse: one band of zooms after another, stated wherever tiles are described.

A tile is drawn 512 pixels wide, so one pixel at zoom z is 40,075,016.7 m / 2^z / 512 of EPSG:3857. A band is
simplified by half a pixel of its highest zoom, which nobody sees. The highest band keeps every vertex. Zooms here are
those of WebMercatorQuad; other sets count theirs from another one (`shift`, see tiles.matrix_sets).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from math import pi

from geo.vocabulary import ROAD_CLASSES, RoadClass

#: Zooms above this are drawn by the client from the tiles of this one (4,096 units over 2.4 km: 0.6 m).
MAX_ZOOM = 14
#: Equator of the sphere of EPSG:3857 in metres (radius 6,378,137 m).
EQUATOR_M = 2 * pi * 6_378_137

THROUGH = (RoadClass.EXPRESSWAY, RoadClass.NATIONAL)
MAJOR = (*THROUGH, RoadClass.MAJOR_PREFECTURAL)
PREFECTURAL = (*MAJOR, RoadClass.PREFECTURAL)
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
    Band(8, 8, MAJOR, _half_pixel_m(8)),
    Band(9, 9, PREFECTURAL, _half_pixel_m(9)),
    Band(10, 11, MAIN, _half_pixel_m(11)),
    Band(12, MAX_ZOOM, ROAD_CLASSES, 0.0),
)

#: From this zoom on both directions of a road are drawn.
BOTH_SIDES_ZOOM = 12
#: Collections of roads, which the bands hold for.
ROADS, STATUS = "roads", "road_status"
#: Collections with very many shapes begin at a zoom of their own; the others at 0.
FIRST_ZOOMS = {"passes": 13, "snow": 7, "daily_reports": 9, "withheld_status": 10}
#: What holds at every zoom: a shape that its tile's grid cannot show has no place in it.
SMALLEST = "Lines and areas smaller than one unit of a tile's grid (1/4096 of its width) are left out."
SIDES = "Of the two directions of a road the one whose state is further from cleared is drawn."

#: Rank of each class in tiles: 0 is the most important.
RANKS: dict[str, int] = {road_class.value: rank for rank, road_class in enumerate(ROAD_CLASSES)}


def left_out(band: Band) -> tuple[RoadClass, ...]:
    """The classes that a band does not show."""
    return tuple(road_class for road_class in ROAD_CLASSES if road_class not in band.classes)


def band_of(zoom: int) -> Band:
    """The band that a zoom from 0 to MAX_ZOOM belongs to."""
    return next(band for band in BANDS if band.min_zoom <= zoom <= band.max_zoom)


def first_zoom_of_class(road_class: str) -> int:
    """The lowest zoom that draws roads of a class."""
    return next(band.min_zoom for band in BANDS if road_class in band.classes)


def first_zoom(collection_id: str) -> int:
    """The lowest zoom at which a collection is drawn."""
    return FIRST_ZOOMS.get(collection_id, 0)


@cache
def content_key() -> str:
    """Stands for what the bands leave out, so that another generalisation is another version of the tiles."""
    return hashlib.sha256(repr(BANDS).encode()).hexdigest()[:8]


def statement(collection_id: str = ROADS, shift: int = 0) -> list[dict[str, object]]:
    """What each band of zooms shows and leaves out of a collection, for the metadata of its tilesets.

    shift  zooms of the set count from so much above those of WebMercatorQuad
    """
    if collection_id in (ROADS, STATUS):
        return [_of_band(band, collection_id, shift) for band in BANDS if band.max_zoom >= shift]
    begin, end = max(first_zoom(collection_id) - shift, 0), MAX_ZOOM - shift
    bands: list[dict[str, object]] = []
    if begin > 0:
        bands.append({"minzoom": 0, "maxzoom": begin - 1, "left_out": ["everything"]})
    if begin < end:
        bands.append({"minzoom": begin, "maxzoom": end - 1, "left_out": [], "simplified_by_px": 0.5, "note": SMALLEST})
    return [*bands, {"minzoom": end, "maxzoom": end, "left_out": [], "simplified_by_px": 0, "note": SMALLEST}]


def _of_band(band: Band, collection_id: str, shift: int) -> dict[str, object]:
    is_one_side = collection_id == STATUS and band.max_zoom < BOTH_SIDES_ZOOM
    return {
        "minzoom": max(band.min_zoom - shift, 0),
        "maxzoom": band.max_zoom - shift,
        "classes": [road_class.value for road_class in band.classes],
        "left_out": [road_class.value for road_class in left_out(band)],
        "simplified_by_m": round(band.tolerance_m, 1),
        "note": f"{SIDES} {SMALLEST}" if is_one_side else SMALLEST,
    }
