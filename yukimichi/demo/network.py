"""The whole made-up road network: trunk, streets and dual carriageways, as road pieces with attributes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.vocabulary import Manager, RoadClass
from yukimichi.demo.blocks import MAIN_STREET, STREET
from yukimichi.demo.curves import curve_trunk
from yukimichi.demo.expressways import Builder, add_expressways
from yukimichi.demo.land import Land, ashore, make_land, municipality_of
from yukimichi.demo.noise import Warp, make_warp
from yukimichi.demo.pieces import Pieces, choose_oneways, join_segments, without_crossings
from yukimichi.demo.relief import Relief, make_relief
from yukimichi.demo.routing_plane import make_mesh
from yukimichi.demo.streets import (
    Places,
    Segments,
    make_places,
    plane_graph,
    prune,
    start_subdivision,
    street_area,
    target_lookup,
)
from yukimichi.demo.tables import DemoTables, to_lonlat
from yukimichi.demo.trunk import Strand, build_trunk

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

_MESH_M = 550.0
_HAMLETS = 1_000
_DENSIFY_M = 40.0
#: Pieces that one cut adds, seen on networks of 70,000 edges; only a first guess, the count is measured afterwards.
_PIECES_PER_CUT = 2.3


@dataclass(frozen=True, slots=True)
class Bending:
    """Three warps: gentle curves everywhere, stronger ones in the hills, and there also the bends of hill roads."""

    bends: Warp
    fine: Warp
    coarse: Warp
    relief: Relief

    def apply(self, xy: Floats) -> Floats:
        """(n, 2) bent plane points."""
        hilly = np.clip(self.relief.hills(xy) / 300.0, 0.0, 1.0)
        steep = np.clip((hilly - 0.15) / 0.85, 0.0, 1.0)
        curved = self.fine.apply(self.bends.apply(xy, 17.0 * steep), 7.0 + 21.0 * hilly)
        return self.coarse.apply(curved, 45.0 + 40.0 * hilly)


@dataclass(frozen=True, slots=True)
class DemoNetwork:
    """roads: one row a piece (the columns of roads.fgb without geometry, and strand); lines (P,) bent, plane metres.

    tables are the committed ones, with the settlements moved ashore.
    """

    tables: DemoTables
    land: Land
    relief: Relief
    places: Places
    bending: Bending
    roads: pd.DataFrame
    lines: NDArray[np.object_]
    strands: list[Strand]


def build_network(tables: DemoTables, n_edges: int, rng: np.random.Generator) -> DemoNetwork:
    """Draw the network. n_edges counts two directed edges a piece; it is met to about one per cent."""
    scale = max(n_edges / 70_000, 0.02)
    land = make_land(tables, rng)
    tables = ashore(tables, land)
    relief = make_relief(land, rng)
    mesh = make_mesh(land, relief, tables.settlements[["x_m", "y_m"]].to_numpy(float), _MESH_M, rng)
    trunk = build_trunk(tables, mesh, int(_HAMLETS * max(scale, 1.0) ** 0.5), rng)
    segments, strand, level = curve_trunk(trunk, len(tables.settlements))
    centres = np.vstack([tables.settlements[["x_m", "y_m"]].to_numpy(float), mesh.xy[trunk.hamlets]])
    size = np.r_[tables.settlements["size"].to_numpy(np.int64), np.zeros(len(trunk.hamlets), np.int64)]
    places = make_places(centres, size, scale, rng)
    bending = Bending(
        make_warp(rng, 210.0, 520.0), make_warp(rng, 450.0, 1_400.0), make_warp(rng, 2_200.0, 6_000.0), relief
    )
    course = shapely.multilinestrings(list(shapely.linestrings(segments.reshape(-1, 2, 2))))
    area = street_area(land, relief, places, course)
    graph = plane_graph(segments, area)
    cutter = start_subdivision(graph, area, target_lookup(land, places), rng)
    n_cuts, first = 0, 0
    for _ in range(4):
        pruned = prune(graph, land.rivers, places.rag)
        builder = _with_strands(tables, land, pruned, strand, level, list(trunk.strands))
        pieces = join_segments(builder)
        missing = n_edges / 2 - len(pieces.strand)
        if missing < 0.006 * n_edges / 2:
            break
        first = first or len(pieces.strand)
        gain = max((len(pieces.strand) - first) / n_cuts, 0.5) if n_cuts else _PIECES_PER_CUT
        n_cuts += cutter.run(int(missing / gain) + 1)
    lines = _bent(pieces, bending)
    rank = np.where(pieces.strand >= 0, 0, np.where(pieces.strand == MAIN_STREET, 1, 2))
    keep = without_crossings(pieces, lines, rank)
    roads = _attributes(tables, places, pieces.select(keep), builder.strands, rng)
    return DemoNetwork(tables, land, relief, places, bending, roads, lines[keep], builder.strands)


def _with_strands(
    tables: DemoTables, land: Land, pruned: Segments, strand: Ints, level: Ints, strands: list[Strand]
) -> Builder:
    """Turn trunk segment numbers into strands and levels, lift roads over rivers, add the dual carriageways."""
    is_trunk = pruned.code >= 0
    own = np.maximum(pruned.code, 0)
    code = np.where(is_trunk, strand[own], pruned.code)
    height = np.where(is_trunk, level[own], 0)
    lines = shapely.linestrings(np.stack([pruned.xy[pruned.u], pruned.xy[pruned.v]], 1))
    over = shapely.STRtree(lines).query(np.array(land.rivers, dtype=object), predicate="intersects")[1]
    height[over] = np.where(height[over] == 0, 1, height[over])
    return add_expressways(tables, Segments(pruned.xy, pruned.u, pruned.v, code), strands, height)


def _bent(pieces: Pieces, bending: Bending) -> NDArray[np.object_]:
    """Bent lines. A vertex is bent once, so that pieces that meet there end in the very same point."""
    dense, of_line = shapely.get_coordinates(shapely.segmentize(pieces.lines(), _DENSIFY_M), return_index=True)
    bent = np.round(bending.apply(dense), 3)
    at_vertex = np.round(bending.apply(pieces.xy), 3)
    start = np.searchsorted(of_line, np.arange(len(pieces.strand)))
    bent[start] = at_vertex[pieces.head]
    bent[np.r_[start[1:], len(bent)] - 1] = at_vertex[pieces.tail]
    lines: NDArray[np.object_] = shapely.linestrings(bent, indices=of_line)
    return lines


def _attributes(
    tables: DemoTables, places: Places, pieces: Pieces, strands: list[Strand], rng: np.random.Generator
) -> pd.DataFrame:
    """One row a piece: road_id, name, route, manager, road_class, oneway, level, lanes, width_m, speed_mps, strand …"""
    middle = pieces.xy[pieces.chain[(pieces.start[:-1] + pieces.start[1:]) // 2]]
    remote = places.remoteness(middle)
    by_strand = _strand_table(strands)
    row = np.where(pieces.strand >= 0, pieces.strand, len(strands) + np.where(pieces.strand == STREET, 0, 1))
    roads = by_strand.iloc[row].reset_index(drop=True)
    roads["strand"], roads["level"], roads["remoteness"] = pieces.strand, pieces.level, remote
    roads["municipality_id"] = municipality_of(tables, middle)
    is_street = pieces.strand == STREET
    wide = rng.random(len(roads))
    roads["width_m"] = np.where(is_street, np.round(3.5 + 3.0 * wide, 1), roads["width_m"])
    roads["lanes"] = np.where(is_street & (roads["width_m"] >= 5.5), 2, roads["lanes"])
    wanted = is_street & (remote < 0.75) & (rng.random(len(roads)) < 0.11)
    roads["oneway"] = choose_oneways(pieces, roads["oneway"].to_numpy(np.int64), wanted)
    turned = wanted & (roads["oneway"] == 1) & (rng.random(len(roads)) < 0.3)
    roads["name"] = _names(tables, roads)
    roads["is_turned"] = turned  # digitised against traffic: the line is reversed and oneway becomes -1
    roads["road_id"] = [f"R{i:07d}" for i in range(len(roads))]
    return roads


def _strand_table(strands: list[Strand]) -> pd.DataFrame:
    """Attributes by strand, then one row for streets and one for main streets."""
    street = Strand(None, "", RoadClass.MUNICIPAL, Manager.MUNICIPALITY, 0, 1, 4.0, 8.3)
    main = Strand(None, "", RoadClass.MUNICIPAL_MAIN, Manager.MUNICIPALITY, 0, 2, 7.5, 11.1)
    columns = ["name", "route", "manager", "road_class", "oneway", "lanes", "width_m", "speed_mps", "leg"]
    rows = [
        (s.name, s.route, s.manager.value, s.road_class.value, s.oneway, s.lanes, s.width_m, s.speed_mps, s.leg)
        for s in [*strands, street, main]
    ]
    return pd.DataFrame(rows, columns=columns)


def _names(tables: DemoTables, roads: pd.DataFrame) -> list[str]:
    """Strand names, and numbered names for municipal roads: 金沢市道幹線12号線."""
    town = dict(zip(tables.municipalities["municipality_id"], tables.municipalities["name"], strict=True))
    names: list[str] = []
    count: dict[tuple[int, bool], int] = {}
    strand_number: dict[int, str] = {}
    for name, strand, municipality, kind in zip(
        roads["name"], roads["strand"], roads["municipality_id"], roads["road_class"], strict=True
    ):
        if name:
            names.append(name)
            continue
        if strand >= 0 and strand in strand_number:
            names.append(strand_number[strand])
            continue
        is_main = kind == RoadClass.MUNICIPAL_MAIN.value
        number = count[municipality, is_main] = count.get((municipality, is_main), 0) + 1
        full = f"{town[municipality]}道{'幹線' if is_main else ''}{number}号線"
        if strand >= 0:
            strand_number[strand] = full
        names.append(full)
    return names


def lonlat(geometry: NDArray[np.object_]) -> NDArray[np.object_]:
    """Plane geometries as longitude and latitude, rounded to 1e-7 degrees."""
    result: NDArray[np.object_] = shapely.transform(geometry, to_lonlat)
    return result


__all__ = ["MAIN_STREET", "Bending", "DemoNetwork", "build_network", "lonlat"]
