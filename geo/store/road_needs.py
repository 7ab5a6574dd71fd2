"""What the states of a network version rest on that only a new version or new settings change."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.crs import to_lonlat
from geo.db import Row, read_sql
from geo.matching.candidates import build_index
from geo.matching.twins import Twins
from geo.network import Network
from geo.pass_needs import PassNeeds, needs_of
from geo.polyline import from_flat, points_at
from geo.settings import StateSettings
from geo.settings_coverage import CoverageSettings
from geo.snow import cell_of
from geo.store.bulk import read_columns
from geo.vocabulary import ROAD_CLASSES

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Ints32 = NDArray[np.int32]

_WIDTHS = {"piece_id": "int8", "lanes": "int4", "width_m": "float8", "is_oneway": "bool"}


@dataclass(frozen=True, slots=True)
class RoadNeeds:
    """Of E edges, as in geo.status_rules.EdgeContext."""

    valid_us: Ints
    passes: PassNeeds
    snow_limit_cm: Floats
    snow_cell: Ints32
    twins: Twins


def read_road_needs(connection: psycopg.Connection[Row], network: Network, settings: StateSettings) -> RoadNeeds:
    """By classes, lanes and widths of the roads, and by where they lie."""
    hours = np.array([settings.status.valid_hours_of(word) for word in ROAD_CLASSES])
    limit_cm = np.array([settings.snow.limit_cm_of(word) for word in ROAD_CLASSES], np.float64)
    return RoadNeeds(
        valid_us=np.repeat(np.round(hours[network.road_class] * 3.6e9).astype(np.int64), 2),
        passes=_pass_needs(connection, network, settings.coverage),
        snow_limit_cm=np.repeat(limit_cm[network.road_class], 2),
        snow_cell=cells_of(network),
        twins=_twins_of(_Same(network)),
    )


class _Same:
    """A network as a key: the same object, whatever it holds."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.network is other.network

    def __hash__(self) -> int:
        return id(self.network)


@lru_cache(maxsize=2)
def _twins_of(network: _Same) -> Twins:
    """The streets that a network draws twice; kept for the networks asked for last, since their grid takes a while."""
    return build_index(network.network).twins if network.network.n_edges else Twins.none(0)


def _pass_needs(connection: psycopg.Connection[Row], network: Network, settings: CoverageSettings) -> PassNeeds:
    params = {"network_version": network.version}
    rows = read_columns(connection, read_sql("geo", "queries/copy_road_widths"), params, _WIDTHS)
    at = network.position_of(rows["piece_id"] * 2)
    piece, known = at[at >= 0] >> 1, at >= 0
    n = len(network.piece_id)
    lanes, width_m, is_oneway = np.zeros(n, np.int64), np.zeros(n), np.zeros(n, np.bool_)
    lanes[piece], width_m[piece] = rows["lanes"][known], rows["width_m"][known]
    is_oneway[piece] = rows["is_oneway"][known] != 0
    return needs_of(lanes, width_m, is_oneway, settings)


def cells_of(network: Network) -> Ints32:
    """(E,) snow cell of the middle of each edge."""
    lines = from_flat(network.shape_start.astype(np.int64), network.shape_xy)
    piece = np.arange(len(network.piece_id))
    middle = points_at(lines, piece, lines.measure_m[lines.start[1:] - 1] / 2)
    lonlat = to_lonlat(middle, network.crs_epsg)
    return np.repeat(cell_of(lonlat[:, 0], lonlat[:, 1]), 2)
