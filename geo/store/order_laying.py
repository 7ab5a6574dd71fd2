"""Lays one order as it was entered on a network version. What does not fit is told in words and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from geo.crs import to_lonlat, to_plane
from geo.db import Row, read_sql
from geo.linear import Stretches, union
from geo.network import Network
from geo.order_places import Ground, nearest_place, way_between
from geo.plans import LayLine, PlanEdges, gather, in_areas, merged, no_edges, open_directions, with_twins
from geo.polyline import substrings, to_shapes
from geo.store.carry import laid_on
from geo.store.order_posts import posts_way
from geo.vocabulary import OrderKind

type Ints = NDArray[np.int64]

#: Less than this does not fit, and nothing is said of it: maps are not drawn more exactly.
FITS_M = 5.0
AREAS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


@dataclass(frozen=True, slots=True)
class Entry:
    """An order as it stands: a row of read_orders_to_lay.sql."""

    order_id: int
    entry_id: int
    kind: str
    restriction: str | None
    state: str | None
    direction: str
    begins_at: datetime
    ends_at: datetime | None
    place: dict[str, Any]
    shape: Any
    reason: str
    is_reason_public: bool
    author: str
    author_of: str | None
    is_synthetic: bool

    @staticmethod
    def of(row: Row) -> Entry:
        """An entry of a row."""
        shape = None if row[9] is None else shapely.from_wkb(bytes(row[9]))
        return Entry(**dict(zip(Entry.__slots__, (*row[:9], shape, *row[10:]), strict=True)))


@dataclass(slots=True)
class Laid:
    """What an order holds: stretches of edges, metres of road that it names and that were laid, and what is missing.

    planned_m None: it names no roads but an area, a manager, or all.
    """

    edges: PlanEdges = field(default_factory=no_edges)
    planned_m: float | None = None
    misfits: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Layer:
    """What laying needs: the database, the network, and what takes long to make and few orders ask for: the ground, and
    the matcher's way with drawn lines."""

    connection: psycopg.Connection[Row]
    network: Network
    ground: Callable[[], Ground]
    lay_line: LayLine

    def lay(self, entry: Entry) -> Laid:
        """Lay an order by the first way of naming its place that it has."""
        ways: dict[str, Callable[[Entry], Laid]] = {
            "everywhere": lambda _: Laid(),
            "manager": lambda _: Laid(),
            "edges": self._edges,
            "between": self._between,
            "route_id": self._planned,
            "section_id": self._planned,
            "route": self._posts,
        }
        way = next((ways[name] for name in ways if name in entry.place), self._shape)
        laid = way(entry)
        if len(laid.edges) and entry.kind == OrderKind.PUBLICATION_STOP:
            laid.edges = self._whole(laid.edges)
        return self._own(entry, laid)

    def _edges(self, entry: Entry) -> Laid:
        """Edges by their ids, as named; those that are gone since hand on to their heirs."""
        named = entry.place["edges"]
        ids = np.array([one["edge_id"] for one in named], np.int64)
        low = np.array([one.get("from_m") or 0.0 for one in named], np.float64)
        high = np.array([np.inf if one.get("to_m") is None else one["to_m"] for one in named], np.float64)
        rows = self.connection.execute(
            read_sql("geo", "queries/read_piece_lengths"), {"piece_ids": (ids >> 1).tolist()}
        )
        length: dict[int, float] = dict(rows.fetchall())
        known = np.array([length.get(int(piece), 0.0) for piece in ids >> 1])
        high = np.minimum(high, known)
        some = high > low
        laid = Laid(planned_m=float((high - low)[some].sum()))
        columns = {"edge_id": ids[some], "from_m": low[some], "to_m": high[some]}
        found, _, _ = laid_on(self.connection, self.network, columns)
        edge = self.network.position_of(found["edge_id"])
        high = np.minimum(found["to_m"], self.network.length_m[edge >> 1])
        laid.edges = merged(PlanEdges(np.zeros(len(edge), np.int64), edge, found["from_m"], high), self.network.n_edges)
        missing = laid.planned_m or 0.0
        missing -= float((laid.edges.to_m - laid.edges.from_m).sum())
        if missing > FITS_M or not some.all():
            laid.misfits.append(f"{max(missing, 0.0):.0f} m lie on edges that the network has no more.")
        return laid

    def _between(self, entry: Entry) -> Laid:
        """The shortest way between the two places that were tapped."""
        lon, lat = np.array(entry.place["between"], np.float64).T
        places = [nearest_place(self.ground(), *xy) for xy in to_plane(lon, lat, self.network.crs_epsg)]
        a, b = places
        if a is None or b is None:
            which = "first" if a is None else "second"
            return Laid(planned_m=0.0, misfits=[f"Near the {which} place the network has no road."])
        way = way_between(self.ground(), a, b)
        if way is None:
            return Laid(planned_m=0.0, misfits=["No road leads from one place to the other, or a very long one."])
        return Laid(self._directed(entry, way), float((way.to_m - way.from_m).sum()))

    def _shape(self, entry: Entry) -> Laid:
        """What was drawn: areas hold the roads inside, lines are laid, points hold the road at which they lie."""
        crs, laid = self.network.crs_epsg, Laid()
        moved = shapely.transform(entry.shape, lambda xy: to_plane(xy[:, 0], xy[:, 1], crs))
        if not np.isfinite(shapely.get_coordinates(moved)).all():
            return Laid(misfits=["It lies beyond the plane that the network is measured in."])
        if shapely.get_type_id(moved) in AREAS:
            laid.edges = in_areas(self.network, np.array([shapely.make_valid(moved)], object), _takes_all)
            if not len(laid.edges):
                laid.misfits.append("The network has no open road inside.")
            return laid
        laid.planned_m, parts, missing_m = 0.0, [no_edges()], 0.0
        for part in shapely.get_parts(moved):
            xy = shapely.get_coordinates(part)
            if len(xy) == 1:
                parts.append(self._at_point(float(xy[0, 0]), float(xy[0, 1]), laid))
                continue
            line = self.lay_line(xy)
            laid.planned_m += float(shapely.length(part))
            missing_m += min(line.missing_m, float(shapely.length(part)))
            edge = line.edge.astype(np.int64)
            parts.append(PlanEdges(np.zeros(len(edge), np.int64), edge, line.from_m, line.to_m))
        if missing_m > FITS_M:
            laid.misfits.append(f"{missing_m:.0f} m are drawn where the network has no road.")
        laid.edges = self._directed(entry, gather(parts))
        return laid

    def _at_point(self, x_m: float, y_m: float, laid: Laid) -> PlanEdges:
        place = nearest_place(self.ground(), x_m, y_m)
        if place is None:
            laid.misfits.append("A place lies on no road of the network.")
            return no_edges()
        length = float(self.network.length_m[place.piece])
        laid.planned_m = (laid.planned_m or 0.0) + length
        zero = np.zeros(1, np.int64)
        return PlanEdges(zero, np.array([2 * place.piece]), np.zeros(1), np.array([length]))

    def _planned(self, entry: Entry) -> Laid:
        """What a plough route or a work section holds."""
        named = {name: entry.place.get(name) for name in ("route_id", "section_id")}
        params = named | {"network_version": self.network.version}
        rows = self.connection.execute(read_sql("geo", "queries/read_planned_edges"), params).fetchall()
        if not rows:
            return Laid(planned_m=0.0, misfits=["No road of the network is on this route or section."])
        edge_id, low, high = (np.array(column) for column in zip(*rows, strict=True))
        edge = self.network.position_of(edge_id.astype(np.int64))
        held = merged(PlanEdges(np.zeros(len(edge), np.int64), edge, low, high), self.network.n_edges)
        return Laid(held, road_m(self.network, held))

    def _posts(self, entry: Entry) -> Laid:
        """The road between two kilometres of a route, to the posts around them, or inside them for a correction."""
        place = entry.place
        params = {"network_version": self.network.version, "route": place["route"]}
        rows = self.connection.execute(read_sql("geo", "queries/read_route_kmposts"), params).fetchall()
        is_outward = entry.kind != OrderKind.CORRECTION
        way, why = posts_way(self.ground(), rows, place["from_km"], place["to_km"], is_outward=is_outward)
        if way is None:
            return Laid(planned_m=0.0, misfits=[why])
        return Laid(self._directed(entry, way), float((way.to_m - way.from_m).sum()), [why] if why else [])

    def _directed(self, entry: Entry, way: PlanEdges) -> PlanEdges:
        """The way in both directions, with the other carriageway where the road is divided, or as it was drawn."""
        if entry.direction == "drawn":
            return merged(way, self.network.n_edges)
        return with_twins(self.network, open_directions(self.network, way))

    def _whole(self, edges: PlanEdges) -> PlanEdges:
        """Publication stops for whole edges, whatever part of them an order touches."""
        edge = np.unique(edges.edge)
        length = self.network.length_m[edge >> 1]
        return PlanEdges(np.zeros(len(edge), np.int64), edge, np.zeros(len(edge)), length)

    def _own(self, entry: Entry, laid: Laid) -> Laid:
        """Leave out roads that the author may not order about."""
        if entry.author_of is None or not len(laid.edges):
            return laid
        pieces = self.network.piece_id[np.unique(laid.edges.edge >> 1)]
        params = {"author_of": entry.author_of, "piece_ids": pieces.tolist()}
        rows = self.connection.execute(read_sql("geo", "queries/read_foreign_pieces"), params).fetchall()
        foreign = np.isin(self.network.piece_id[laid.edges.edge >> 1], [row[0] for row in rows])
        if foreign.any():
            named = ", ".join(sorted({row[1] for row in rows}))
            left_m = road_m(self.network, select(laid.edges, foreign))
            laid.misfits.append(f"{left_m:.0f} m lie on roads of others ({named}) and are left out.")
            laid.edges = select(laid.edges, ~foreign)
        return laid


def _takes_all(area: Ints, piece: Ints) -> NDArray[np.bool_]:
    return np.ones(len(area), np.bool_)


def select(edges: PlanEdges, keep: NDArray[np.bool_]) -> PlanEdges:
    """The stretches of a mask."""
    return PlanEdges(edges.feature[keep], edges.edge[keep], edges.from_m[keep], edges.to_m[keep])


def road_parts(edges: PlanEdges) -> Stretches:
    """The stretches of pieces, both directions counted once."""
    return union(Stretches(edges.edge >> 1, edges.from_m, edges.to_m))


def road_m(network: Network, edges: PlanEdges) -> float:
    """Metres of road that stretches hold, both directions counted once."""
    parts = road_parts(edges)
    return float((parts.to_m - parts.from_m).sum())


def drawn(network: Network, lines: Any, edges: PlanEdges) -> Any:
    """The stretches as a MultiLineString in degrees; None where there are none. `lines` are geo.plans.piece_lines."""
    parts = road_parts(edges)
    if not len(parts):
        return None
    shapes = to_shapes(substrings(lines, parts.group, parts.from_m, parts.to_m))
    whole = shapely.multilinestrings(list(shapes))
    return shapely.transform(whole, lambda xy: to_lonlat(xy, network.crs_epsg))
