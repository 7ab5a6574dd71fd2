"""Roads as rows of raw.road: from a vector table by a mapping, and into the database by COPY."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.csv
import shapely
from numpy.typing import NDArray

from geo.db import Row, read_sql
from geo.settings import SourceSettings
from ingest import road_values as rv
from ingest.mapping import FieldMap, Unmapped, take, text_of
from ingest.quarantine import Rejects
from ingest.shapes import Fault, split_lines
from ingest.vector import VectorTable

type Geometries = NDArray[np.object_]

#: Rows a COPY message; about 1 MB of text.
COPY_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class RoadRows:
    """m lines of roads, column by column as in raw.road; `geometry` in degrees. None is unknown."""

    item: list[int]
    part: list[int]
    external_id: list[str]
    name: Sequence[str | None]
    route: Sequence[str | None]
    manager: Sequence[str]
    road_class: Sequence[str]
    oneway: Sequence[int]
    level: Sequence[int]
    lanes: Sequence[int | None]
    width_m: Sequence[float | None]
    speed_mps: Sequence[float | None]
    is_closed: Sequence[bool]
    attributes: Sequence[str]
    geometry: Geometries

    def __len__(self) -> int:
        return len(self.item)


def _attributes(table: pa.Table, used: set[str]) -> list[str]:
    """One JSON object a row of all columns that became no field, without nulls."""
    rest = [name for name in table.column_names if name not in used]
    if not rest:
        return ["{}"] * len(table)
    return [json_of(row) for row in table.select(rest).to_pylist()]


def json_of(row: dict[str, Any], *, keep_nulls: bool = False) -> str:
    """JSON that jsonb takes: no NaN, no NUL; bytes, dates and times as text; nulls left out unless they are to stay."""
    kept = {key: None if value != value else value for key, value in row.items()}
    if not keep_nulls:
        kept = {key: value for key, value in kept.items() if value is not None}
    return json.dumps(kept, ensure_ascii=False, default=str).replace("\\u0000", "")


def rows_of(
    vector: VectorTable, geometry: Geometries, fields: FieldMap, source: SourceSettings, unmapped: Unmapped
) -> tuple[RoadRows, list[Fault]]:
    """The rows and the faults of a table whose geometries are in degrees already."""
    lines, faults = split_lines(geometry, vector.unreadable)
    columns = _Columns(vector, fields, source, unmapped)
    item = lines.item
    external_id = columns.text("id", item)
    rows = RoadRows(
        item=item.tolist(),
        part=lines.part.tolist(),
        external_id=[text or f"#{i}" for text, i in zip(external_id, item.tolist(), strict=True)],
        name=columns.text("name", item),
        route=columns.text("route", item),
        manager=_at(columns.manager(), item),
        road_class=_at(
            rv.classes(columns.all("class"), columns.column("class"), columns.words("class"), unmapped), item
        ),
        oneway=_at(rv.oneways(columns.all("oneway"), columns.words("oneway"), unmapped), item),
        level=[int(value or 0) for value in _at(columns.number("level", -10, 10), item)],
        lanes=[None if value is None else int(value) for value in _at(columns.number("lanes", 1, 20), item)],
        width_m=_at(columns.number("width", 0.5, 100), item),
        speed_mps=_at(columns.number("speed", 0.5, 70), item),
        is_closed=_at(rv.flags(columns.all("closed"), "closed", columns.words("closed"), unmapped), item),
        attributes=_at(_attributes(vector.columns, set(fields.columns.values())), item),
        geometry=lines.geometry,
    )
    return rows, faults


def _at[T](values: Sequence[T], item: NDArray[np.int64]) -> list[T]:
    return [values[i] for i in item.tolist()]


@dataclass(frozen=True, slots=True)
class _Columns:
    """Our fields of one table."""

    vector: VectorTable
    fields: FieldMap
    source: SourceSettings
    unmapped: Unmapped

    def column(self, field: str) -> str:
        return self.fields.columns.get(field, "")

    def words(self, field: str) -> dict[str, str]:
        return self.source.values.get(field, {})

    def all(self, field: str) -> list[str | None]:
        """(n,) text of a field; None everywhere when no column has it."""
        if field not in self.fields.columns:
            return [None] * len(self.vector)
        values: list[str | None] = text_of(take(self.vector.columns, self.fields.columns[field])).to_pylist()
        return values

    def text(self, field: str, item: NDArray[np.int64]) -> list[str | None]:
        return _at(self.all(field), item)

    def number(self, field: str, low: float, high: float) -> list[float | None]:
        factor = 1.0
        if field == "speed" and self.column("speed"):
            given = "speed_unit" in self.source.model_fields_set
            factor = rv.speed_factor(self.column("speed"), self.source.speed_unit, given)
        return rv.numbers(self.all(field), field, low, high, self.unmapped, factor)

    def manager(self) -> list[str]:
        """The manager; for N10 data, which has no such column, as far as the class code tells it."""
        if "manager" not in self.fields.columns and self.column("class").upper() == "N10_003":
            return [rv.N10_MANAGERS.get(code or "", "unknown") for code in self.all("class")]
        return rv.managers(self.all("manager"), self.words("manager"), self.unmapped)


def reject(faults: Sequence[Fault], vector: VectorTable, offset: int, rejects: Rejects) -> None:
    """Keep faulty features with their attributes and what can be said of their geometry."""
    for fault in faults:
        row = vector.columns.slice(fault.item, 1).to_pylist()[0]
        geometry = vector.geometry[fault.item]
        payload = {
            "file": vector.file,
            "layer": vector.layer,
            "attributes": json.loads(json_of(row)),
            "wkt": None if geometry is None else shapely.to_wkt(geometry, rounding_precision=9)[:10_000],
        }
        rejects.add(fault.reason, fault.detail, payload, item=offset + fault.item)


def to_arrow(rows: RoadRows, file_id: int, offset: int) -> pa.Table:
    """The rows as a table in the order of copy_road.sql; geometry as hexadecimal EWKB."""
    ewkb = shapely.to_wkb(shapely.set_srid(rows.geometry, 4326), hex=True, include_srid=True)
    item = pa.array(np.asarray(rows.item, np.int64) + offset)
    return pa.table(
        {
            "file_id": pa.repeat(pa.scalar(file_id, pa.int64()), len(rows)),
            "item": item,
            "part": pa.array(rows.part, pa.int32()),
            "external_id": pa.array(rows.external_id, pa.string()),
            "name": pa.array(rows.name, pa.string()),
            "route": pa.array(rows.route, pa.string()),
            "manager": pa.array(rows.manager, pa.string()),
            "road_class": pa.array(rows.road_class, pa.string()),
            "oneway": pa.array(rows.oneway, pa.int16()),
            "level": pa.array(rows.level, pa.int16()),
            "lanes": pa.array(rows.lanes, pa.int16()),
            "width_m": pa.array(rows.width_m, pa.float32()),
            "speed_mps": pa.array(rows.speed_mps, pa.float32()),
            "is_closed": pa.array(rows.is_closed, pa.bool_()),
            "attributes": pa.array(rows.attributes, pa.string()),
            "geom": pa.array(ewkb, pa.string()),
        }
    )


def copy_table(
    connection: psycopg.Connection[Row], statement: str, table: pa.Table, wrote: Callable[[int], None] | None = None
) -> None:
    """COPY an Arrow table by ingest/sql/<statement>.sql as CSV: null is empty, text is quoted."""
    options = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
    with connection.cursor() as cursor, cursor.copy(read_sql("ingest", statement)) as copy:
        for start in range(0, len(table), COPY_ROWS):
            piece = table.slice(start, COPY_ROWS)
            buffer = io.BytesIO()
            pyarrow.csv.write_csv(piece, buffer, options)
            copy.write(buffer.getbuffer())
            if wrote is not None:
                wrote(len(piece))
