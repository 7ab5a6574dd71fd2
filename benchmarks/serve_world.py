"""The world of the benchmark of tiles and features: 200,000 road lines in the shape of a prefecture, with states.

Towns lie where those of the demo lie and have streets by their size: a turned grid of crossings 85 m apart, shaken by
12 m, each street between two crossings a line of five slightly bent points; every twelfth street is municipal_main,
every twenty-fourth prefectural, a few are national, one in twelve of the rest is a service road. Between towns run
roads of many points: the nearest towns are joined by prefectural ones, larger ones by national ones, the largest by an
expressway. The same seed gives the same lines. The shares of classes are told by `shares`.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from itertools import pairwise

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from geo.crs import to_lonlat, to_plane
from geo.db import Database, Role, Row
from layers.publish import publish

type Floats = NDArray[np.float64]

N_LINES, SEED, EPSG = 200_000, 6, 6675
#: Metres between two crossings of a town, how far they are shaken, points of a street, and how far those bend.
STREET_M, SHAKE_M, STREET_POINTS, BEND_M = 85.0, 12.0, 5, 1.5
#: A road between towns: metres of a line of it, points of that, and how far it winds.
ROAD_M, ROAD_POINTS, WIND_M = 450.0, 14, 300.0
#: Share of directed edges that are cleared, by whether a plan holds them; the rest is uncleared, or unknown off plan.
CLEARED_ON_PLAN, CLEARED_OFF_PLAN, CLEARING = 0.8, 0.4, 0.03
STORM_BEGAN = timedelta(hours=9)
#: The peers' table, in a schema of its own of the same database: the same lines with the attributes of our tiles.
PEER_TABLE = (
    "CREATE SCHEMA peer",
    "CREATE TABLE peer.roads AS SELECT p.piece_id AS id, p.road_class AS class, p.oneway, p.level, p.name, p.route, "
    "p.manager, true AS synthetic, p.geom FROM net.piece AS p ORDER BY p.piece_id",
    "ALTER TABLE peer.roads ADD PRIMARY KEY (id)",
    "ALTER TABLE peer.roads ALTER COLUMN geom TYPE geometry(LineString, 4326)",
    "CREATE INDEX ON peer.roads USING gist (geom)",
)
COPY_PIECES = (
    "COPY net.piece (piece_id, first_version, from_node, to_node, source_id, external_id, external_from_m, "
    "external_to_m, name, route, manager, road_class, oneway, level, lanes, width_m, speed_mps, is_closed, length_m, "
    "content_key, geom) FROM STDIN"
)
COPY_STATES = (
    "COPY ops.edge_status (event_id, edge_id, state, reason, cleared_at, valid_until, observed_at, covered_fraction, "
    "treatment, work_basis, confidence, source, network_version, is_synthetic) FROM STDIN"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A road line: points in plane metres, class, name, route, the town that it belongs to."""

    xy: Floats
    road_class: str
    name: str | None
    route: str | None
    town: int


def _towns() -> tuple[list[str], Floats, Floats]:
    """Names, places in plane metres, and shares of the streets, after the square of the size."""
    text = resources.files("yukimichi").joinpath("demo", "settlements.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    lon, lat = (np.array([float(row[name]) for row in rows]) for name in ("lon", "lat"))
    size = np.array([float(row["size"]) for row in rows])
    share = 1.7**size
    return [row["name"] for row in rows], np.asarray(to_plane(lon, lat, EPSG)), share / share.sum()


def _class_of(street: int, rng: np.random.Generator) -> str:
    if street % 72 == 36:
        return "national"
    if street % 24 == 12:
        return "prefectural"
    if street % 12 == 6:
        return "municipal_main"
    return "service" if rng.random() < 1 / 12 else "municipal"


def _streets(town: int, name: str, place: Floats, n: int, rng: np.random.Generator) -> list[Line]:
    """n streets of a town: those of a square grid, east first and then north, as many as are wanted."""
    side = int(np.ceil((1 + np.sqrt(1 + 2 * n)) / 2))
    i, j = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    flat = (np.stack([i, j], axis=-1) - (side - 1) / 2) * STREET_M
    angle = rng.uniform(0, np.pi / 2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    nodes = flat @ turn.T + rng.normal(0, SHAKE_M, flat.shape) + place
    ends = [(nodes[a, b], nodes[a + 1, b], b) for a in range(side - 1) for b in range(side)]
    ends += [(nodes[a, b], nodes[a, b + 1], a) for a in range(side) for b in range(side - 1)]
    chosen = np.sort(rng.permutation(len(ends))[:n])
    along = np.linspace(0, 1, STREET_POINTS)[:, None]
    lines = []
    for k in chosen.tolist():
        start, end, street = ends[k]
        xy = start + along * (end - start)
        xy[1:-1] += rng.normal(0, BEND_M, (STREET_POINTS - 2, 2))
        kind = _class_of(street, rng)
        lines.append(Line(xy, kind, f"{name}{street}号線" if kind != "service" else None, None, town))
    return lines


def _winding(a: Floats, b: Floats, rng: np.random.Generator) -> list[Floats]:
    """The lines of a road between two places; neighbours share their ends."""
    n = max(2, round(float(np.hypot(*(b - a))) / ROAD_M))
    at = np.linspace(0, 1, n * (ROAD_POINTS - 1) + 1)
    across = np.array([-(b - a)[1], (b - a)[0]]) / max(float(np.hypot(*(b - a))), 1.0)
    phases, turns = rng.uniform(0, 2 * np.pi, 4), np.array([1, 2, 5, 11])
    swing = sum(np.sin(2 * np.pi * k * at + p) / k for k, p in zip(turns, phases, strict=True)) * np.sin(np.pi * at)
    xy = a + at[:, None] * (b - a) + (WIND_M * swing)[:, None] * across
    return [xy[k * (ROAD_POINTS - 1) : (k + 1) * (ROAD_POINTS - 1) + 1] for k in range(n)]


def _roads(place: Floats, share: Floats, rng: np.random.Generator) -> list[Line]:
    """Roads between towns: each to its four nearest; the eighteen largest in their order by national road, six by
    expressway."""
    lines: list[Line] = []
    far = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1))
    links = {(min(a, int(b)), max(a, int(b))) for a in range(len(place)) for b in np.argsort(far[a])[1:5]}
    for number, (a, b) in enumerate(sorted(links)):
        kind = "major_prefectural" if number % 3 == 0 else "prefectural"
        route = f"{'主要地方道' if number % 3 == 0 else '県道'}{number + 1}号"
        lines += [Line(xy, kind, None, route, a) for xy in _winding(place[a], place[b], rng)]
    for kind, most, route in (("national", 18, "国道8号"), ("expressway", 6, "E8")):
        large = np.argsort(-share)[:most]
        order = large[np.argsort(place[large, 1])].tolist()
        for a, b in pairwise(order):
            lines += [Line(xy, kind, None, route, a) for xy in _winding(place[a], place[b], rng)]
    return lines


def make_lines(n: int = N_LINES, seed: int = SEED) -> list[Line]:
    """n lines; the same seed gives the same."""
    rng = np.random.default_rng(seed)
    names, place, share = _towns()
    roads = _roads(place, share, rng)
    lines = roads[:: -(-len(roads) // (n // 2))]  # every so manieth where few lines are wanted
    counts = np.floor(share * (n - len(lines))).astype(int)
    counts[0] += n - len(lines) - counts.sum()
    for town, name in enumerate(names):
        lines += _streets(town, name, place[town], int(counts[town]), rng)
    return lines


def shares(lines: list[Line]) -> dict[str, float]:
    """Share of the lines of each class."""
    found = Counter(line.road_class for line in lines)
    return {kind: n / len(lines) for kind, n in found.most_common()}


def fill(database: Database, now: datetime, n: int = N_LINES) -> list[Line]:
    """Write roads, plans, a storm and states, publish them, and make the peers' table."""
    lines = make_lines(n)
    with database.connect(Role.OWNER) as connection:
        _write_roads(connection, lines)
        _write_states(connection, lines, now)
    publish(database, now, b"secret of the benchmark")
    with psycopg.connect(database.conninfo_of(Role.OWNER), autocommit=True) as connection:
        for text in PEER_TABLE:
            connection.execute(text)  # type: ignore[call-overload]
        connection.execute("VACUUM ANALYZE")
    return lines


def _write_roads(connection: psycopg.Connection[Row], lines: list[Line]) -> None:
    connection.execute(
        "INSERT INTO net.version (content_sha256, crs_epsg, n_nodes, n_edges, artefact_sha256, is_synthetic) "
        "VALUES ('serve', %s, 1, %s, '', true)", (EPSG, 2 * len(lines)),
    )  # fmt: skip
    _, at = np.unique(np.repeat(np.arange(len(lines)), [len(line.xy) for line in lines]), return_index=True)
    lonlat = to_lonlat(np.concatenate([line.xy for line in lines]), EPSG)
    parts = np.split(lonlat, at[1:])
    wkb = shapely.to_wkb([shapely.set_srid(shapely.LineString(p), 4326) for p in parts], hex=True, include_srid=True)
    with connection.cursor() as cursor, cursor.copy(COPY_PIECES) as copy:  # type: ignore[arg-type]
        for k, line in enumerate(lines):
            metres = float(np.hypot(*np.diff(line.xy, axis=0).T).sum())
            manager = {"national": "nation", "expressway": "nation", "prefectural": "prefecture"}
            copy.write_row((
                k + 1, 1, 2 * k, 2 * k + 1, 1, str(k), 0, metres, line.name, line.route,
                manager.get(line.road_class, "municipality"), line.road_class, int(line.road_class == "expressway"), 0,
                2, 6.0, 10, False, metres, b"", wkb[k],
            ))  # fmt: skip
    plans = sorted({line.town for line in lines if _is_on_plan(line)})
    for town in plans:
        connection.execute(
            "INSERT INTO net.plough_route (route_id, name, route_class, manager, planned_m, laid_m, is_synthetic) "
            "VALUES (%s, %s, '第1種', 'prefecture', 1, 1, true)", (str(town), f"{town}号路線"),
        )  # fmt: skip
    text = "COPY net.plan_edge (network_version, route_id, edge_id, from_m, to_m) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(text) as copy:
        for k, line in enumerate(lines):
            if _is_on_plan(line):
                metres = float(np.hypot(*np.diff(line.xy, axis=0).T).sum())
                for edge in (2 * k + 2, 2 * k + 3):
                    copy.write_row((1, str(line.town), edge, 0, metres))


def _is_on_plan(line: Line) -> bool:
    return line.road_class not in ("municipal", "service")


def _write_states(connection: psycopg.Connection[Row], lines: list[Line], now: datetime) -> None:
    """States as tours leave them: forty lines one after the other, both directions, twelve seconds apart."""
    rng = np.random.default_rng(SEED + 1)
    began = now - STORM_BEGAN
    row = connection.execute(
        "INSERT INTO ops.event (kind, name, reference_at, is_synthetic) VALUES ('storm', 'bench', %s, true) "
        "RETURNING event_id", (began,),
    ).fetchone()  # fmt: skip
    assert row is not None
    connection.execute(
        "INSERT INTO ops.cover_run (event_id, as_of, n_changed, network_version) VALUES (%s, %s, 1, 1)", (row[0], now)
    )
    tours = rng.uniform(0.05, 0.95, len(lines) // 40 + 1) * STORM_BEGAN.total_seconds()
    fates = rng.random(len(tours))
    with connection.cursor() as cursor, cursor.copy(COPY_STATES) as copy:  # type: ignore[arg-type]
        for k, line in enumerate(lines):
            is_planned, chance = _is_on_plan(line), float(fates[k // 40])
            at = began + timedelta(seconds=float(tours[k // 40]) + 12 * (k % 40))
            for side in range(2):
                edge = 2 * k + 2 + side
                if chance < (CLEARED_ON_PLAN if is_planned else CLEARED_OFF_PLAN):
                    state, seen = ("clearing", at) if chance < CLEARING else ("cleared", at)
                    share = 0.6 if state == "clearing" else 1.0
                    until = at + timedelta(hours=24)
                    cleared_at = at if state == "cleared" else None
                    copy.write_row((row[0], edge, state, "none", cleared_at, until, seen, share, "fresh_snow_plowing",
                                    "sensed", 0.97, "bench", 1, True))  # fmt: skip
                elif is_planned:
                    copy.write_row((row[0], edge, "uncleared", "none", None, None, None, 0.0, None, "unknown", 0.0,
                                    "bench", 1, True))  # fmt: skip
