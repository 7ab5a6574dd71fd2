"""Plan features out of raw, and rows of laid plans into net."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from geo.crs import to_plane
from geo.db import Row, read_sql
from geo.vocabulary import Manager

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PlanFeature:
    """One plan feature; several rows of one id are one feature, with the attributes of the first.

    rows         attributes of every row, in order
    shapes       geometries of every row that has one, longitude and latitude
    """

    external_id: str
    layer: str
    rows: tuple[dict[str, Any], ...]
    shapes: tuple[Any, ...]
    is_synthetic: bool

    @property
    def attributes(self) -> dict[str, Any]:
        """Attributes of the first row."""
        return self.rows[0]

    def text(self, key: str, default: str | None = None) -> str | None:
        """An attribute as text; `default` where it is absent or empty."""
        value = self.attributes.get(key)
        return default if value is None or str(value).strip() == "" else str(value)

    @property
    def manager(self) -> str:
        """The manager; unknown where none of our words is given."""
        value = self.text("manager", "unknown")
        return value if value in set(Manager) else Manager.UNKNOWN.value


def read_plans(connection: psycopg.Connection[Row], kind: str, *, by_id: bool = True) -> list[PlanFeature]:
    """The features of a kind that stand today; with by_id False every row is a feature of its own."""
    rows = connection.execute(read_sql("geo", "queries/read_plans"), {"kind": kind}).fetchall()
    groups: dict[object, list[Row]] = {}
    for number, row in enumerate(rows):
        groups.setdefault((row[0], row[1]) if by_id else number, []).append(row)
    return [
        PlanFeature(
            external_id=str(group[0][1]),
            layer=str(group[0][0]),
            rows=tuple(row[2] for row in group),
            shapes=tuple(shapely.from_wkb(row[3]) for row in group if row[3] is not None),
            is_synthetic=any(row[4] for row in group),
        )
        for group in groups.values()
    ]


def line_parts(feature: PlanFeature, crs_epsg: int) -> list[Floats]:
    """The lines of a feature, each (k, 2) in metres; parts of no length, or beyond the CRS, are left out."""
    parts = shapely.get_parts(shapely.get_parts(np.array(feature.shapes, object)))
    lines = []
    for part in parts:
        if shapely.get_type_id(part) == shapely.GeometryType.LINESTRING and shapely.length(part) > 0:
            lonlat = shapely.get_coordinates(part)
            lines.append(to_plane(lonlat[:, 0], lonlat[:, 1], crs_epsg))
    return [line for line in lines if np.isfinite(line).all()]


def area_of(feature: PlanFeature, crs_epsg: int) -> Any:
    """The polygons of a feature as one valid geometry in metres; None where it has none that the CRS reaches."""
    polygons = [
        part
        for part in shapely.get_parts(shapely.get_parts(np.array(feature.shapes, object)))
        if shapely.get_type_id(part) == shapely.GeometryType.POLYGON
    ]
    if not polygons:
        return None
    whole = shapely.make_valid(shapely.union_all(np.array(polygons, object)))
    moved = shapely.transform(whole, lambda xy: to_plane(xy[:, 0], xy[:, 1], crs_epsg))
    return moved if np.isfinite(shapely.get_coordinates(moved)).all() else None


def multi_line(shapes: Sequence[Any]) -> str | None:
    """The lines of a feature as one MultiLineString in hex EWKB; None where it has none."""
    parts = shapely.get_parts(shapely.get_parts(np.array(shapes, object)))
    lines = [part for part in parts if shapely.get_type_id(part) == shapely.GeometryType.LINESTRING]
    return hex_ewkb(shapely.multilinestrings(lines)) if lines else None


def any_shape(shapes: Sequence[Any]) -> str | None:
    """All geometries of a feature in hex EWKB: the one as it is, several as a union; None where it has none."""
    if not shapes:
        return None
    return hex_ewkb(shapes[0] if len(shapes) == 1 else shapely.union_all(np.array(shapes, object)))


def hex_ewkb(shape: Any) -> str:
    """A geometry in degrees as PostGIS reads it in text."""
    text: str = shapely.to_wkb(shapely.set_srid(shapely.force_2d(shape), 4326), hex=True, include_srid=True)
    return text


def copy_rows(connection: psycopg.Connection[Row], query: str, rows: Iterable[Sequence[Any]]) -> int:
    """Write rows in bulk by a COPY of geo/sql/queries; how many."""
    n = 0
    with connection.cursor() as cursor, cursor.copy(read_sql("geo", f"queries/{query}")) as copy:
        for row in rows:
            copy.write_row(row)
            n += 1
    return n
