"""Roads as delivered, in columns and plane metres: what topology is built from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.vocabulary import ROAD_CLASSES, Manager, RoadClass

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]
type Texts = NDArray[Any]
type Shapes = NDArray[Any]

#: Position of each manager in arrays.
MANAGERS: tuple[Manager, ...] = tuple(Manager)

#: Free speed of a road whose source gives none, in metres a second. The legal limit of Japanese roads without a
#: sign is 100 km/h on national expressways and 60 km/h elsewhere (道路交通法施行令 第11条, 第27条); the values are
#: what a car can keep on such a road with its junctions, an assumption of ours.
DEFAULT_SPEED_MPS: dict[RoadClass, float] = {
    RoadClass.EXPRESSWAY: 80 / 3.6,
    RoadClass.NATIONAL: 50 / 3.6,
    RoadClass.MAJOR_PREFECTURAL: 45 / 3.6,
    RoadClass.PREFECTURAL: 40 / 3.6,
    RoadClass.MUNICIPAL_MAIN: 40 / 3.6,
    RoadClass.MUNICIPAL: 30 / 3.6,
    RoadClass.SERVICE: 20 / 3.6,
    RoadClass.UNKNOWN: 30 / 3.6,
}


@dataclass(frozen=True, slots=True)
class RoadTable:
    """n road lines in the plane CRS of the network.

    geometry     (n,) shapely LineStrings, metres
    external_id  (n,) str, id in the source
    source_id    (n,) raw.source
    name, route  (n,) str or None
    manager      (n,) position in MANAGERS
    road_class   (n,) position in geo.vocabulary.ROAD_CLASSES
    oneway       (n,) 0 both directions, 1 along digitising only, -1 against it only
    level        (n,) 0 ground, > 0 bridge, < 0 tunnel
    lanes        (n,) -1 unknown
    width_m      (n,) NaN unknown
    speed_mps    (n,) NaN unknown
    is_closed    (n,) no motor vehicle may enter
    """

    geometry: Shapes
    external_id: Texts
    source_id: Ints
    name: Texts
    route: Texts
    manager: Ints
    road_class: Ints
    oneway: Ints
    level: Ints
    lanes: Ints
    width_m: Floats
    speed_mps: Floats
    is_closed: Bools

    def __len__(self) -> int:
        return len(self.geometry)

    @property
    def free_speed_mps(self) -> Floats:
        """(n,) the speed, or the default of the class where it is unknown."""
        default = np.array([DEFAULT_SPEED_MPS[c] for c in ROAD_CLASSES])
        known: Bools = self.speed_mps > 0
        return np.where(known, self.speed_mps, default[self.road_class])


def _column(given: ArrayLike | None, default: Any, n: int, dtype: Any) -> NDArray[Any]:
    if given is None:
        return np.full(n, default, dtype)
    column = np.asarray(given).astype(dtype)
    if column.shape != (n,):
        raise ValueError(f"a column of {n} roads has the shape {column.shape}")
    return column


def road_table(
    geometry: Sequence[Any] | Shapes,
    *,
    external_id: ArrayLike | None = None,
    source_id: ArrayLike | None = None,
    name: ArrayLike | None = None,
    route: ArrayLike | None = None,
    manager: ArrayLike | None = None,
    road_class: ArrayLike | None = None,
    oneway: ArrayLike | None = None,
    level: ArrayLike | None = None,
    lanes: ArrayLike | None = None,
    width_m: ArrayLike | None = None,
    speed_mps: ArrayLike | None = None,
    is_closed: ArrayLike | None = None,
) -> RoadTable:
    """A RoadTable from (n,) LineStrings in metres; columns left out get "unknown", two-way, ground level, open.

    Ids left out are the row numbers. Raises ValueError for a column of another length.
    """
    shapes = np.empty(len(geometry), object)
    shapes[:] = list(geometry)
    n = len(shapes)
    ids = [str(i) for i in range(n)] if external_id is None else [str(i) for i in np.asarray(external_id)]
    return RoadTable(
        geometry=shapes,
        external_id=_column(ids, "", n, object),
        source_id=_column(source_id, 0, n, np.int64),
        name=_column(name, None, n, object),
        route=_column(route, None, n, object),
        manager=_column(manager, MANAGERS.index(Manager.UNKNOWN), n, np.int64),
        road_class=_column(road_class, ROAD_CLASSES.index(RoadClass.UNKNOWN), n, np.int64),
        oneway=_column(oneway, 0, n, np.int64),
        level=_column(level, 0, n, np.int64),
        lanes=_column(lanes, -1, n, np.int64),
        width_m=_column(width_m, np.nan, n, np.float64),
        speed_mps=_column(speed_mps, np.nan, n, np.float64),
        is_closed=_column(is_closed, False, n, np.bool_),
    )
