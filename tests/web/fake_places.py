"""What the stand-in knows of places, cameras and lines beside the roads: one of each kind, at known positions."""

from __future__ import annotations

import base64
import time
from types import ModuleType
from typing import Any

LON, LAT = 136.62, 36.56
#: Position of each point that a test taps: between two roads, and clear of the legend and of the edge of a page.
NORTH, SOUTH = LAT + 0.0008, LAT - 0.0004
AT = {
    "hospital": (LON + 0.001, NORTH),
    "shelter": (LON - 0.003, NORTH),
    "snow_dump": (LON + 0.005, NORTH),
    "camera": (LON + 0.003, NORTH),
    "late_camera": (LON + 0.003, SOUTH),
    "bus_stop": (LON + 0.001, SOUTH),
}
COLLECTIONS = ("facilities", "cameras", "bus_stops", "bus_routes", "priority_network", "work_sections", "snow")
LAYERS = {
    "layers": [
        {"collection": "facilities", "kind": kind, "n": 1} for kind in ("hospital", "shelter", "snow_dump")
    ] + [
        {"collection": name, "kind": None, "n": 1}
        for name in ("cameras", "bus_stops", "bus_routes", "priority_network", "snow")
    ] + [{"collection": "work_sections", "kind": None, "n": 0}]
}  # fmt: skip
#: A grey pixel.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)
INTERVAL_S = 600


def _points(name: str) -> list[tuple[tuple[float, float], dict[str, Any]]]:
    if name == "facilities":
        words = {
            "hospital": {"name": "試験病院", "name_en": "Test Hospital", "phone": "076-000-0000"},
            "shelter": {"name": "試験小学校", "name_en": "Test School", "capacity": 120},
            "snow_dump": {"name": "試験雪捨て場", "opening": "6:00-18:00"},
        }
        return [(AT[kind], {"place_id": kind, "kind": kind, "synthetic": True} | own) for kind, own in words.items()]
    if name == "cameras":
        return [
            (AT[camera], {"camera_id": camera, "name": words, "interval_s": INTERVAL_S, "synthetic": True})
            for camera, words in (("camera", "試験カメラ"), ("late_camera", "遅れるカメラ"))
        ]
    return [(AT["bus_stop"], {"stop_id": "s1", "name": "試験停留所", "routes": "1, 2", "departures_weekday": 24})]


def tile(mvt: ModuleType, name: str, z: int, x: int, y: int) -> bytes:
    """One tile of a collection."""
    west, east = LON - 0.012, LON + 0.012
    if name in ("facilities", "cameras", "bus_stops"):
        features = [(i + 1, mvt.POINT, [at], words) for i, (at, words) in enumerate(_points(name))]
    elif name in ("bus_routes", "priority_network"):
        row = LAT - 0.0012 * (-3 if name == "priority_network" else 3)  # along the second road and the eighth
        line = [(west, row), (LON - 0.004, row + 0.0002), (LON + 0.004, row + 0.0002), (east, row)]
        features = [(1, mvt.LINE, line, {"name": name, "network_class": 1})]
    elif name == "snow":
        north, south = LAT + 0.01, LAT - 0.01
        half = [(west, LON, {"fell_24h_cm": 12}), (LON, east, {"basis_24h": "missing"})]
        features = [
            (i + 1, mvt.POLYGON, [(a, north), (b, north), (b, south), (a, south), (a, north)], own)
            for i, (a, b, own) in enumerate(half)
        ]
    else:
        return b""
    body: bytes = mvt.layer(name, features, z, x, y)
    return body


def camera(now_s: float, camera_id: str) -> dict[str, Any]:
    """The item of a camera: one with a picture of a minute ago, one whose picture is more than an hour old."""
    at_s = now_s - (3900 if camera_id == "late_camera" else 60)
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))
    return {
        "type": "Feature", "id": camera_id, "geometry": None,
        "properties": {
            "camera_id": camera_id, "name": "遅れるカメラ" if camera_id == "late_camera" else "試験カメラ",
            "name_en": None, "road": "国道一", "interval_s": INTERVAL_S, "image": f"/cameras/{camera_id}/image",
            "image_at": at, "fetched_at": at, "is_late": camera_id == "late_camera", "problem": "none",
            "synthetic": True,
        },
    }  # fmt: skip
