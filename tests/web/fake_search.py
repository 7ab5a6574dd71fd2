"""What the stand-in finds: roads by a part of their names, a settlement, an address, a municipality, a place afar."""

from __future__ import annotations

from typing import Any

#: label, kind, what it is called, piece, longitude and latitude beside the middle of the world
PLACES = [
    ("本町", "settlement", "集落", 12, 0.0, 0.0038),
    ("本町一丁目1番", "address", "住所", 16, 0.004, -0.0012),
    ("試験市", "municipality", "市町", None, 0.0, 0.0),
    ("遠い町", "place", "地名", None, 0.02, 0.015),
]


def result(label: str, kind: str, word: str, piece: int | None, lon: float, lat: float) -> dict[str, Any]:
    """One result as the real service tells it."""
    box = [lon - 0.03, lat - 0.02, lon + 0.03, lat + 0.02] if kind == "municipality" else None
    return {
        "kind": kind, "kind_name": word, "label": label, "detail": "" if kind == "municipality" else "試験市",
        "lon": round(lon, 5), "lat": round(lat, 5), "bbox": box, "piece_id": piece, "score": 100.0,
    }  # fmt: skip


def search(roads: dict[int, Any], middle: Any, centre: tuple[float, float], query: dict[str, list[str]]) -> Any:
    """The answer of /search; middle(piece) is the position in the middle of a road."""
    q, lang = query["q"][0], query["lang"][0]
    found = [
        result(label, kind, word, piece, centre[0] + east, centre[1] + north)
        for label, kind, word, piece, east, north in PLACES
        if q in label
    ]
    found += [result(row[0], "road", "道路", piece, *middle(piece)) for piece, row in roads.items() if q in row[0]]
    hint = None if found else {"ja": "見つかりませんでした。", "en": "Nothing was found."}[lang]
    return {
        "q": q, "lang": lang, "n": len(found), "results": found, "addresses": "ok", "is_cut": False, "hint": hint,
        "network_version": 3, "synthetic": True,
    }  # fmt: skip


def near(roads: dict[int, Any], middle: Any, query: dict[str, list[str]]) -> Any:
    """The answer of /search/near: a road within a hundredth of a degree."""
    lon, lat = (float(part) for part in query["at"][0].split(","))
    piece = min(roads, key=lambda p: abs(middle(p)[1] - lat))
    is_near = abs(middle(piece)[1] - lat) < 0.01 and abs(middle(piece)[0] - lon) < 0.02
    found = [result(roads[piece][0], "location", "現在地", piece, lon, lat) | {"distance_m": 20}] if is_near else []
    return {"n": len(found), "results": found, "hint": None, "network_version": 3, "synthetic": True}
