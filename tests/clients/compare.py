"""What a client shows beside what the database holds, value by value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, time
from typing import Any

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from layers.catalogue import Collection, Column

#: Seven decimals of a degree are a centimetre.
DEGREES = 2e-7


def moment(value: object) -> datetime:
    """A time as a client writes it, such as 2026/01/14 21:00:00+00; without an offset it is UTC."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    text = str(value).replace("/", "-")
    found = datetime.fromisoformat(text if len(text) != 22 else text + ":00")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def is_null(value: object) -> bool:
    """None, NaN and pandas' NaT are null; an empty string is not."""
    return value is None or value != value


def same_value(column: Column, shown: object, held: object, where: str) -> None:
    """Fail where a client shows another value than the database holds; a missing one is no zero."""
    if held is None or is_null(shown):
        assert held is None, f"{where}: {held!r} is not shown"
        assert is_null(shown), f"{where}: {shown!r} is shown where nothing is known"
    elif column.kind == "moment":
        assert isinstance(held, datetime)
        assert abs((moment(shown) - held).total_seconds()) < 0.002, where
    elif column.kind in ("integer", "number"):
        assert float(str(shown)) == pytest.approx(float(str(held)), rel=1e-6, abs=1e-9), where
    elif column.kind == "boolean":
        assert bool(shown) is held, where
    elif column.kind == "time":
        assert isinstance(held, time)
        assert str(shown)[:8] in (held.isoformat(), held.isoformat()[:5]), where
    else:
        assert str(shown) == str(held), where


def same_features(
    collection: Collection,
    shown: Iterable[tuple[Mapping[str, Any], BaseGeometry | None]],
    rows: Iterable[Mapping[str, Any]],
    *,
    place: Callable[[BaseGeometry], BaseGeometry] = lambda geometry: geometry,
    tolerance: float = DEGREES,
) -> int:
    """Compare all features with all rows, whatever their order: ids, every column, every vertex. Returns how many.

    place      what becomes of a shape in degrees in the CRS that the client asked for
    tolerance  in units of that CRS
    """
    key = collection.id_column
    held = {str(row[key]): row for row in rows}
    found = {str(properties[key]): (properties, geometry) for properties, geometry in shown}
    assert set(found) == set(held), f"{collection.collection_id}: other features"
    for name, (properties, geometry) in found.items():
        row, where = held[name], f"{collection.collection_id} {name}"
        for column in collection.columns:
            same_value(column, properties.get(column.name), row[column.name], f"{where} {column.name}")
        expected = row["geom"] and place(row["geom"])
        if expected is None or geometry is None:
            assert expected is geometry is None, where
            continue
        assert geometry.geom_type == expected.geom_type, where
        assert shapely.equals_exact(geometry, expected, tolerance), f"{where}: {geometry} and not {expected}"
    return len(found)
