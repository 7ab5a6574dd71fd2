"""A small stand-in for the server, for the tests of the page and for work on it by hand.

    python tests/web/fake_service.py --port 8790

Speaks the same paths as the real one: static files, config.json, tiles, snapshot, changes and their stream, items. Its
world is a ladder of parallel roads, one for each state. POST /control with JSON changes the world: `shift_s` moves the
server's clock, `lag_s` holds its data back, `is_broken` makes it answer 503, `states` sets the two characters of a
piece, `has_forgotten` makes it know no former version, `has_stream` false ends the streams of events and refuses more,
`closures` names the pieces that are closed or restricted now; the status version rises with each. `is_gone` makes it
end every connection without a word, `holds_back` its streams hold back all events, `shell` is another version of the
page's files, `kept_tiles` so many may a browser keep. Orders are taken as
the real service takes them, by one key, and laid at once; disputes are read by the real rules, and refused for
`disputes_wait_s` seconds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import sys
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import fake_card
import fake_disputes
import fake_first
import fake_places
import fake_search
import mvt
import numpy as np

from tiles.packed import pack_index, pack_states
from tiles.states import NO_MOMENT, POSITION_OF_REASON, STATES, Records

WEB = Path(__file__).resolve().parents[2] / "web"
LON, LAT = 136.62, 36.56
PLACES = fake_places.COLLECTIONS
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml",
         ".webmanifest": "application/manifest+json", ".png": "image/png"}  # fmt: skip
REASONS = ["none", "silent", "no_device", "not_on_plan", "expired"]
HOUR = 3600
KEY = "Bearer a manager's key"

#: piece: name, class, oneway, then (state, reason, cleared hours ago, valid for hours) forward and backward
WORLD: dict[int, tuple[str, str, int, tuple[str, int, float, float], tuple[str, int, float, float]]] = {
    11: ("国道一", "national", 0, ("c", 0, 0.5, 24), ("c", 0, 0.5, 24)),
    12: ("県道二", "prefectural", 0, ("c", 0, 2, 24), ("?", 1, -1, -1)),
    13: ("県道三", "prefectural", 0, ("g", 0, -1, -1), ("g", 0, -1, -1)),
    14: ("県道四", "prefectural", 0, ("u", 0, -1, -1), ("u", 0, -1, -1)),
    15: ("市道五", "municipal_main", 0, ("?", 2, -1, -1), ("?", 2, -1, -1)),
    16: ("市道六", "municipal", 0, ("c", 0, 5, 6), ("c", 0, 5, 6)),
    17: ("一方通行七", "municipal", 1, ("c", 0, 8, 24), ("-", 0, -1, -1)),
    18: ("市道八", "municipal", 0, ("c", 0, 20, 24), ("c", 0, 20, 24)),
}
UNLISTED = {21: ("市道九", "municipal", 0)}  # on nobody's plan: not in the snapshot


def line_of(piece: int) -> list[tuple[float, float]]:
    """Piece `piece` as a bent line from west to east; each lies 130 m south of the one before."""
    row = sorted([*WORLD, *UNLISTED]).index(piece) - 4
    lat = LAT - 0.0012 * row
    return [(LON - 0.012, lat), (LON - 0.004, lat + 0.0002), (LON + 0.004, lat + 0.0002), (LON + 0.012, lat)]


class World:
    """What the stand-in serves; `control` changes it."""

    def __init__(self) -> None:
        self.shift_s = 0.0
        self.is_broken = False
        self.is_gone = False
        self.holds_back = False
        self.shell = ""
        self.kept_tiles = 1500
        self.shell_versions: dict[str, str] = {}
        self.has_stream = True
        self.lag_s = 0.0
        self.version = 1
        self.states: dict[int, str] = {}
        self.changed_in: dict[int, int] = {}
        self.oldest = 1
        self.closures: dict[int, str] = {}
        self.orders: list[dict[str, Any]] = []
        self.disputes = fake_disputes.FakeDisputes()
        self.sent: list[dict[str, Any]] = []
        self.refuses = ""
        self.base_at = int(time.time()) - 48 * HOUR
        self.started_at = time.time()
        self.asked: list[str] = []

    def now(self) -> float:
        return time.time() + self.shift_s

    def control(self, change: dict[str, Any]) -> None:
        self.shift_s = change.get("shift_s", self.shift_s)
        self.lag_s = change.get("lag_s", self.lag_s)
        self.is_broken = change.get("is_broken", self.is_broken)
        self.has_stream = change.get("has_stream", self.has_stream)
        for name in ("is_gone", "holds_back", "shell", "kept_tiles"):
            setattr(self, name, change.get(name, getattr(self, name)))
        states = {int(piece): both for piece, both in change.get("states", {}).items()}
        self.states.update(states)
        self.closures = {int(piece): word for piece, word in change.get("closures", {}).items()} or self.closures
        self.refuses = change.get("refuses", self.refuses)
        self.disputes.wait_s = change.get("disputes_wait_s", self.disputes.wait_s)
        self.version += 1
        self.changed_in.update(dict.fromkeys(states, self.version))
        if change.get("has_forgotten"):
            self.oldest = self.version

    def side(self, piece: int, index: int) -> tuple[str, int, int, int, int]:
        """state, reason, cleared_s, valid_s, observed_s of one direction, in seconds after base_at or -1."""
        state, reason, hours_ago, valid_h = WORLD[piece][3 + index]
        state = self.states.get(piece, "  ")[index].strip() or state
        if state == "c" and hours_ago < 0:
            hours_ago, valid_h = 0, 24
        cleared = self.started_at - hours_ago * HOUR - self.base_at if state == "c" else -1
        observed = cleared if state == "c" else self.started_at - 60 - self.base_at
        return state, reason, int(cleared), int(cleared + valid_h * HOUR) if state == "c" else -1, int(observed)

    def changes(self, since: int) -> dict[str, Any]:
        if not self.oldest <= since <= self.version:
            return self.head() | {"reload": True}
        pieces = sorted(piece for piece, version in self.changed_in.items() if version > since)
        return self.head() | {"reload": False, "gone": []} | self.columns(pieces)

    def snapshot(self) -> dict[str, Any]:
        return self.head() | self.columns(sorted(WORLD))

    def edges(self) -> list[int]:
        """Ids of the directions that traffic may use, in the order of the index: not that of the ids."""
        both = [2 * piece + index for piece in WORLD for index in (1, 0) if self.side(piece, index)[0] != "-"]
        return [2 * piece + index for piece in UNLISTED for index in (0, 1)] + both[::-1]

    def packed(self) -> bytes:
        return pack_states(self.head(), self.records())

    def records(self) -> Records:
        words = dict(zip("cgu?", STATES, strict=True))
        rows = [
            self.side(edge >> 1, edge & 1) if edge >> 1 in WORLD else ("?", REASONS.index("not_on_plan"), -1, -1, -1)
            for edge in self.edges()
        ]
        state = np.array([STATES.index(words[row[0]]) for row in rows], np.int16)
        reason = np.array([POSITION_OF_REASON[REASONS[row[1]]] for row in rows], np.int16)
        times = [np.array([NO_MOMENT if row[i] < 0 else self.base_at + row[i] for row in rows]) for i in (2, 3, 4)]
        covered = np.array([100 if row[0] == "c" else 40 if row[0] == "g" else 0 for row in rows], np.int16)
        return Records(state, reason, *times, covered).rounded()

    def head(self) -> dict[str, Any]:
        return {
            "network_version": 3,
            "roads_version": "3-abc",
            "status_version": self.version,
            "stream_id": f"fake-{self.version}",
            "as_of": iso(self.now() - self.lag_s),
            "synthetic": True,
            "event": {
                "event_id": 1,
                "kind": "storm",
                "name": "試験の大雪",
                "reference_at": iso(self.started_at - 9 * HOUR),
            },
            "default_reason": "not_on_plan",
        }

    def columns(self, pieces: list[int]) -> dict[str, Any]:
        out: dict[str, Any] = {
            "n": len(pieces),
            "base_at": self.base_at,
            "reasons": REASONS,
            "piece_id": [piece - before for before, piece in zip([0, *pieces], pieces, strict=False)],
        }
        for index, name in enumerate(("forward", "backward")):
            rows = [self.side(piece, index) for piece in pieces]
            state, reason, cleared, valid, observed = zip(*rows, strict=True) if rows else ((),) * 5
            covered = [100 if s == "c" else 40 if s == "g" else 0 for s in state]
            out[name] = {
                "state": "".join(state),
                "reason": reason,
                "cleared_s": cleared,
                "valid_s": valid,
                "observed_s": observed,
                "covered": covered,
            }
        return out

    def closed(self) -> dict[str, Any]:
        """The collection closures, those that hold now."""
        features = [
            {
                "type": "Feature",
                "id": piece,
                "geometry": {"type": "MultiLineString", "coordinates": [line_of(piece)]},
                "properties": {
                    "closure_id": piece,
                    "restriction": word,
                    "name": WORLD[piece][0],
                    "route": None,
                    "manager": "prefecture",
                    "reason": "なだれのおそれ",
                    "starts_at": iso(self.started_at - HOUR),
                    "ends_at": iso(self.started_at + 6 * HOUR),
                    "edges": f"{2 * piece}:0.0-900.0 {2 * piece + 1}:0.0-900.0",
                },
            }
            for piece, word in self.closures.items()
        ]
        return {"type": "FeatureCollection", "features": features}

    def order(self, given: dict[str, Any]) -> dict[str, Any]:
        """Take an order; a client_id that came before changes nothing."""
        self.sent.append(given)
        for known in self.orders:
            if known["client_id"] == given["client_id"]:
                return {"order_id": known["order_id"], "entry_id": 1, "is_repeat": True}
        ways = ("between", "geometry", "route_id", "section_id", "manager", "everywhere")
        order_id = len(self.orders) + 1
        self.orders.append(
            {name: given.get(name) for name in ("kind", "restriction", "state", "ends_at", "reason", "client_id")}
            | {
                "order_id": order_id,
                "direction": given.get("direction", "both"),
                "begins_at": given.get("begins_at", iso(self.now())),
                "place": {way: given[way] for way in ways if way in given},
                "author": "試験県",
                "author_of": "prefecture",
                "is_mine": True,
                "recorded_at": iso(self.now()),
            }
        )
        return {"order_id": order_id, "entry_id": order_id, "is_repeat": False}

    def item(self, edge_id: int) -> dict[str, Any] | None:
        piece, index = edge_id >> 1, edge_id & 1
        if piece not in WORLD or self.side(piece, index)[0] == "-":
            return None
        state, reason, cleared, valid, observed = self.side(piece, index)
        at = lambda s: None if s < 0 else iso(self.base_at + s)  # noqa: E731
        words = {"c": "cleared", "g": "clearing", "u": "uncleared", "?": "unknown"}
        is_worked = state in "cg"
        return {
            "type": "Feature",
            "id": edge_id,
            "geometry": {"type": "LineString", "coordinates": line_of(piece)},
            "properties": {
                "edge_id": edge_id,
                "name": WORLD[piece][0],
                "route": None,
                "manager": "prefecture",
                "road_class": WORLD[piece][1],
                "municipality": "試験市",
                "state": words[state],
                "reason": REASONS[reason],
                "cleared_at": at(cleared),
                "valid_until": at(valid),
                "observed_at": at(observed),
                "covered_fraction": 1.0 if state == "c" else 0.0,
                "treatment": "fresh_snow_plowing" if is_worked else None,
                "work_basis": "sensed" if is_worked else "unknown",
                "confidence": 0.97 if is_worked else 0.0,
                "snow_since_cm": 4.2 if state == "c" else None,
                "snow_basis": ("partial" if piece == 12 else "observed") if state == "c" else None,
                "passes_needed": 2 if piece == 12 else 1,
                "passed_fraction": 1.0 if is_worked else 0.0,
                "spread_at": at(cleared) if piece == 12 else None,
                "sidewalk_at": None,
                "restriction": "chains" if piece == 12 else None,
                "is_corrected": piece == 13,
                "source": "fake",
                "synthetic": True,
            },
        }

    def tile(self, name: str, z: int, x: int, y: int) -> bytes:
        if name == "basemap":
            layers = ("coast", "municipalities", "area_names", "rivers", "settlements")
            return b"".join(self.tile(layer, z, x, y) for layer in layers)
        if name in PLACES:
            return fake_places.tile(mvt, name, z, x, y)
        if name == "area_names":
            named: dict[str, mvt.Value] = {"name": "試験市", "name_en": "Testville City", "area_km2": 12}
            return mvt.layer(name, [(1, mvt.POINT, [(LON, LAT)], named)], z, x, y)
        if name == "roads":
            rows = {**WORLD, **UNLISTED}
            return mvt.layer(
                "roads",
                [
                    (
                        piece,
                        mvt.LINE,
                        line_of(piece),
                        {"class": row[1], "oneway": row[2], "level": 0, "name": row[0], "on_plan": piece in WORLD},
                    )
                    for piece, row in sorted(rows.items())
                ],
                z,
                x,
                y,
            )
        if name == "settlements":
            return mvt.layer(
                name,
                [(1, mvt.POINT, [(LON, LAT + 0.004)], {"name": "試験市", "name_en": "Testville", "size": 1})],
                z,
                x,
                y,
            )
        west, east, south, north = LON - 0.03, LON + 0.03, LAT - 0.02, LAT + 0.02
        ring = [(west, north), (east, north), (east, south), (west, south), (west, north)]
        kind = mvt.POLYGON if name == "municipalities" else mvt.LINE
        return mvt.layer(name, [(1, kind, ring, {"name": "試験市"})], z, x, y)


def iso(at_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at_s))


def file_of(path: str, shell: str) -> bytes:
    """A file of the page; of another version of the page the first style sheet and the page itself are others."""
    body = (WEB / path).read_bytes()
    if shell and path == "css/base.css":
        body += f'\n:root {{ --shell: "{shell}"; }}\n'.encode()
    if shell and path == "index.html":
        body = body.replace(b"<body>", f'<body data-shell="{shell}">'.encode())
    return body


def tag_of(body: bytes) -> str:
    """The entity tag that the real service gives a file (tiles.caching.etag_of)."""
    return f'"{hashlib.blake2b(body + bytes(1), digest_size=10).hexdigest()}"'


CONFIG = {
    "center": [LON, LAT],
    "zoom": 14.2,
    "bbox": [LON - 0.03, LAT - 0.02, LON + 0.03, LAT + 0.02],
    "network_version": 3,
    "roads_version": "3-abc",
    "reference_layers": ["municipalities", "coast", "rivers", "settlements"],
    "reference_version": 1,
    "basemap_version": "1-a",
    "places_version": "1",
    "synthetic": True,
    "traffic_side": "left",
    "languages": ["ja", "en"],
    "title_ja": "雪みち",
    "title_en": "Yukimichi",
    "timezone": "Asia/Tokyo",
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world: World

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: the test prints what matters."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(self.world.now(), usegmt=True)

    def answer(self, status: int, kind: str = "", body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def json(self, value: object, **headers: str) -> None:
        self.answer(200, "application/json", json.dumps(value).encode(), **headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        parts = self.path.strip("/").split("/")
        if parts[0] == "disputes" and not self.world.is_gone:
            self.dispute(parts, body)
            return
        given = json.loads(body)
        if parts[0] == "control":
            self.world.control(given)
            self.json({})
        elif self.world.is_broken:
            self.answer(503)
        elif self.headers.get("Authorization") != KEY:
            self.problem(401, "This key is not known, or it was revoked.")
        elif self.world.refuses:
            self.problem(403, self.world.refuses)
        elif len(parts) == 2:
            self.json(self.world.order(given))
        else:
            self.world.sent.append(given)
            self.world.orders = [one for one in self.world.orders if str(one["order_id"]) != parts[2]]
            self.json({"order_id": int(parts[2]), "entry_id": 9, "is_repeat": False})

    def dispute(self, parts: list[str], body: bytes) -> None:
        """A report of a resident, or a manager's decision about one."""
        disputes = self.world.disputes
        if self.world.is_broken:
            self.answer(503)
        elif len(parts) == 1:
            answer = disputes.take(self.headers["Content-Type"], body, self.world.now())
            self.answer(*answer, **({"Retry-After": str(disputes.wait_s)} if disputes.wait_s else {}))
        elif self.headers.get("Authorization") != KEY:
            self.problem(401, "This key is not known, or it was revoked.")
        else:
            self.answer(*disputes.decide(int(parts[1]), body))

    def problem(self, status: int, detail: str) -> None:
        body = json.dumps({"title": "x", "status": status, "detail": detail}).encode()
        self.answer(status, "application/problem+json", body)

    def managed(self, path: str) -> None:
        """What a manager's key reads."""
        if self.headers.get("Authorization") != KEY:
            self.problem(401, "This key is not known, or it was revoked.")
        elif path == "ingest/orders":
            author = {"name": "試験県", "of": "prefecture"}
            self.json({"author": author, "orders": self.world.orders[::-1]})
        elif path == "sent":
            self.json(self.world.sent)
        elif path.startswith("disputes/"):
            self.answer(200, "image/jpeg", self.world.disputes.photos[int(path.split("/")[1])])
        elif path == "ogc/collections/disputes/items":
            self.json(self.world.disputes.items(self.path.partition("?")[2]))
        else:
            laid = {"laid_m": 812.4, "planned_m": 812.4, "misfit": None}
            self.json({"type": "Feature", "id": 1, "geometry": None, "properties": laid})

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].strip("/")
        parts = path.split("/")
        if path == "asked":  # every address so far, those that the map's worker asked for too
            self.json(self.world.asked)
            return
        self.world.asked.append(self.path)
        if self.world.is_gone:
            self.close_connection = True
        elif self.world.is_broken and not (WEB / path).is_file():
            self.answer(503)
        elif path == "sw.js":
            self.answer(200, "text/javascript", self.service_worker().encode())
        elif path.startswith("status/history") or (path == "status/snapshot" and "at=" in self.path):
            self.past(path)
        elif path == "config.json":
            self.json(CONFIG)
        elif path == "status/snapshot" and "f=packed" in self.path:
            moment = {"Last-Modified": formatdate(self.world.now() - self.world.lag_s, usegmt=True)}
            self.answer(200, "application/vnd.yukimichi.states", self.world.packed(), **moment)
        elif path == "status/snapshot":
            self.status(self.world.snapshot())
        elif path == "status/index/3-abc":
            body = pack_index("3-abc", 3, np.array(self.world.edges()))
            self.answer(200, "application/vnd.yukimichi.states", body)
        elif path == "status/stream":
            self.stream()
        elif path == "status/summary":
            world = self.world
            is_planned = lambda piece: piece in WORLD  # noqa: E731
            self.status(fake_first.summary(world.head(), world.edges(), world.records(), is_planned, world.now()))
        elif path == "status/overview":
            svg = fake_first.overview(self.world.edges(), self.world.records(), line_of, self.world.now())
            self.answer(200, "image/svg+xml", svg.encode())
        elif path == "status/changes":
            query = parse_qs(self.path.partition("?")[2])
            self.status(self.world.changes(int(query["since"][0])))
        elif path in ("layers.json", "raster"):
            self.json(fake_places.LAYERS if path == "layers.json" else {"rasters": []})
        elif path.startswith("ogc/collections/cameras/items/"):
            self.json(fake_places.camera(self.world.now(), parts[-1]))
        elif parts[0] == "cameras":
            self.answer(200, "image/png", fake_places.PICTURE)
        elif parts[0] == "ogc" and len(parts) == 8 and parts[2] in PLACES:
            z, y, x = (int(part) for part in parts[5:])
            body = self.world.tile(parts[2], z, x, y)
            self.answer(200 if body else 204, "application/vnd.mapbox-vector-tile" if body else "", body)
        elif parts[0] == "tiles":
            z, x, y = int(parts[3]), int(parts[4]), int(parts[5].removesuffix(".mvt"))
            body = self.world.tile(parts[1], z, x, y)
            self.answer(200 if body else 204, "application/vnd.mapbox-vector-tile" if body else "", body)
        elif path in ("search", "search/near"):
            self.search(path, parse_qs(self.path.partition("?")[2]))
        elif path.startswith("status/road/"):
            self.card(int(parts[-1]), parse_qs(self.path.partition("?")[2]).get("at", [None])[0])
        elif path.startswith("ogc/collections/road_status/items/"):
            item = self.world.item(int(parts[-1]))
            self.json(item) if item else self.answer(404)
        elif path in ("ingest/orders", "sent") or path.startswith(
            ("ogc/collections/orders/items/", "ogc/collections/disputes/items", "disputes/")
        ):
            self.managed(path)
        elif path == "ogc/collections/closures/items":
            self.json(self.world.closed())
        elif path in ("ogc/collections/routes/items", "ogc/collections/work_sections/items"):
            named = [{"id": "R1", "properties": {"name": "国道一号線", "manager": "nation"}}]
            self.json({"type": "FeatureCollection", "features": named})
        elif path == "ogc/collections/ploughs/items":
            self.json(
                {
                    "type": "FeatureCollection",
                    "features": [
                        {
                            "type": "Feature",
                            "id": "a1",
                            "geometry": {"type": "Point", "coordinates": line_of(13)[2]},
                            "properties": {
                                "plough_id": "a1",
                                "observed_at": iso(self.world.started_at),
                                "heading_deg": 90,
                                "treatment": None,
                                "synthetic": True,
                            },
                        }
                    ],
                }
            )
        else:
            self.static(f"{path}/index.html".lstrip("/") if (WEB / path).is_dir() else path)

    def search(self, path: str, query: dict[str, list[str]]) -> None:
        """What a search finds, and the road near a place."""
        roads, middle = {**WORLD, **UNLISTED}, lambda piece: line_of(piece)[1]
        if path == "search":
            self.json(fake_search.search(roads, middle, (LON, LAT), query))
        else:
            self.json(fake_search.near(roads, middle, query))

    def card(self, piece: int, at: str | None) -> None:
        """The card of a road; a former piece is told with the one that took its place."""
        roads = {**WORLD, **UNLISTED}
        line = line_of(piece) if piece in roads else []
        body = fake_card.card(self.world, piece, roads, line, REASONS, at)
        if body is not None:
            self.answer(200, "application/json", body)
            return
        heir = {"heir_piece_id": fake_card.HEIR} if piece == fake_card.FORMER else {}
        told = json.dumps({"title": "Not Found", "status": 404, "detail": "No such piece."} | heir)
        self.answer(404, "application/problem+json", told.encode())

    def past(self, path: str) -> None:
        """History and moments of the past; imported here, since few tests ask for them."""
        import fake_past

        told = fake_past.answer(self.world, path, parse_qs(self.path.partition("?")[2]))
        if isinstance(told, bytes):
            self.answer(200, "application/vnd.yukimichi.states", told)
        elif told is None:
            self.problem(404, "Nothing is known of it.")
        else:
            self.json(told)

    def service_worker(self) -> str:
        """The service worker as the real service fills it."""
        from tiles.service_worker import script_of
        from tiles.web_files import File, WebFiles

        shell = self.world.shell

        class Files(WebFiles):
            def read(self, path: str) -> File:
                plain = file_of(path, shell)
                return File(plain, "text/plain", tag_of(plain))

        files = Files(WEB)
        self.world.shell_versions[shell] = str(files.shell_document()["version"])
        return script_of(files, kept_tiles=self.world.kept_tiles)

    def stream(self) -> None:
        """What is there now to who names no version, and every version as an event, until the streams are ended."""
        asked = parse_qs(self.path.partition("?")[2]).get("last_event_id", [""])
        last = self.headers.get("Last-Event-ID") or asked[0]
        if not self.world.has_stream:
            self.answer(503)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        version = int(last.partition("-")[2]) if last else self.world.version
        if not last and not self.world.holds_back:
            told = self.world.head()
            self.wfile.write(f"event: present\nid: {told['stream_id']}\ndata: {json.dumps(told)}\n\n".encode())
        while self.world.has_stream and not self.world.is_broken and not self.world.is_gone:
            if self.world.version > version and not self.world.holds_back:
                told = self.world.changes(version)
                version = self.world.version
                kind = "reload" if told["reload"] else "changes"
                self.wfile.write(f"event: {kind}\nid: fake-{version}\ndata: {json.dumps(told)}\n\n".encode())
                self.wfile.flush()
            time.sleep(0.05)

    def status(self, told: dict[str, Any]) -> None:
        etag = f'"3-{self.world.version}-{told.get("n", "reload")}"'
        headers = {"ETag": etag, "Last-Modified": formatdate(self.world.now() - self.world.lag_s, usegmt=True)}
        if self.headers.get("If-None-Match") == etag:
            self.answer(304, **headers)
        else:
            self.json(told, **headers)

    def static(self, path: str) -> None:
        file = (WEB / path).resolve()
        if not file.is_relative_to(WEB) or not file.is_file():
            self.answer(404)
            return
        body = file_of(file.relative_to(WEB).as_posix(), self.world.shell)
        shell = {"X-Yukimichi-Shell": self.world.shell_versions.get(self.world.shell, "")}
        headers = {"ETag": tag_of(body)} | (shell if path == "index.html" else {})
        self.answer(200, TYPES.get(file.suffix, "text/plain; charset=utf-8"), body, **headers)


def serve(port: int) -> None:
    """Serve a world of its own until the process ends; says its number and its address."""
    handler = type("Bound", (Handler,), {"world": World()})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    print(f"{os.getpid()} http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()


def serve_many() -> None:
    """For each line that comes in a server in a process of its own: what it imports is read once for all of them."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        if os.fork() == 0:
            serve(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--many", action="store_true", help="one more server for each line of the standard input")
    given = parser.parse_args()
    if given.many:
        serve_many()
    else:
        serve(given.port)


if __name__ == "__main__":
    main()
