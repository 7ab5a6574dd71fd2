"""Closures from files (GeoJSON, shape, GeoPackage …) as orders: a file stands for its source from then on.

A closure that is new is placed, one that reads otherwise is changed, one that the file has no more is ended now, and
the same file again changes nothing. A feature that cannot be used goes to quarantine; the closure that it was stays.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import shapely
from psycopg.rows import dict_row

from geo.db import Database, Role, Row, read_sql
from geo.errors import InputError
from geo.settings import SourceSettings
from geo.timeline import from_us
from geo.vocabulary import OrderKind, Restriction
from ingest import quarantine
from ingest.mapping import Unmapped, resolve, take, text_of, translate
from ingest.order_entry import REASON_MAX, NewOrder
from ingest.order_roads import Author
from ingest.order_shapes import checked_shape
from ingest.orders import end_from_source, order_of, write_order
from ingest.projection import project, resolve_crs
from ingest.quarantine import Rejects, Why
from ingest.registry import register_source
from ingest.shapes import absent
from ingest.times import Fault, parse_times
from ingest.vector import VectorTable, read_vector

KIND = "closures"
#: Fields of a closure and the column names that are known without a mapping.
NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "closure_id", "external_id", "規制番号", "番号", "ID"),
    "restriction": ("restriction", "規制", "規制内容", "規制種別"),
    "begins_at": ("begins_at", "starts_at", "start", "from", "開始日時", "開始"),
    "ends_at": ("ends_at", "end", "until", "終了日時", "終了予定", "終了"),
    "reason": ("reason", "理由", "規制理由", "原因"),
    "direction": ("direction", "方向"),
}
DIRECTIONS = {"both": "both", "両方向": "both", "双方向": "both", "drawn": "drawn", "片方向": "drawn"}


@dataclass(slots=True)
class ClosuresReport:
    """What a file changed: closures placed, changed, ended, the same as before; features in quarantine by reason."""

    source: str
    n_read: int = 0
    n_placed: int = 0
    n_changed: int = 0
    n_ended: int = 0
    n_same: int = 0
    crs: str = ""
    mapping: dict[str, str] = field(default_factory=dict)
    quarantined: dict[str, int] = field(default_factory=dict)
    unknown_words: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _File:
    """What was read: closures by id (begins_at None: the file does not say), and ids of features in quarantine."""

    closures: dict[str, tuple[NewOrder, bool]] = field(default_factory=dict)
    faulty: set[str] = field(default_factory=set)


def ingest_closures(
    database: Database, path: Path, name: str, source: SourceSettings, now: datetime, *, is_whole: bool = True
) -> ClosuresReport:
    """Take in a file of closures in one transaction.

    now       from which a closure holds that names no begin, and at which those end that the file has no more
    is_whole  False: the file adds to what its source said before, and ends nothing

    Raises InputError or MappingError for the file as a whole; nothing is kept then.
    """
    report, rejects = ClosuresReport(name), Rejects()
    found = _read(path, name, source, now, report, rejects)
    with database.connect(Role.INGEST) as connection:
        source_id = register_source(connection, name, "files", source)
        connection.execute(read_sql("ingest", "lock_orders"))
        _write(connection, source_id, source, found, now, report, is_whole=is_whole)
        quarantine.store(connection, None, source_id, KIND, rejects.rows)
    report.quarantined = rejects.by_reason()
    return report


@dataclass(frozen=True, slots=True)
class _Columns:
    """(n,) values of the features by our names; a time is a moment, what is wrong with it, or None: empty."""

    ids: list[str | None]
    given: list[str | None]
    restriction: list[str | None]
    direction: list[str]
    begins_at: list[datetime | Fault | None]
    ends_at: list[datetime | Fault | None]
    reason: list[str | None]


def _columns(vector: VectorTable, source: SourceSettings, where: str, report: ClosuresReport) -> _Columns:
    fields = resolve(vector.columns.column_names, source.fields, NAMES, ("id", "restriction"), where)
    column = {known: take(vector.columns, expression) for known, expression in fields.columns.items()}
    n, unmapped = len(vector), Unmapped()
    words = {word.ja: word.value for word in Restriction} | {word.value: word.value for word in Restriction}
    given = text_of(column["restriction"]).to_pylist()
    found = _Columns(
        ids=text_of(column["id"]).to_pylist(),
        given=given,
        restriction=translate(given, "restriction", words | source.values.get("restriction", {}), unmapped),
        direction=_directions(column.get("direction"), source, unmapped, n),
        begins_at=_times(column.get("begins_at"), source, where, n),
        ends_at=_times(column.get("ends_at"), source, where, n),
        reason=text_of(column["reason"]).to_pylist() if "reason" in column else [None] * n,
    )
    report.mapping, report.unknown_words = fields.describe(), unmapped.describe()
    return found


def _read(
    path: Path, name: str, source: SourceSettings, now: datetime, report: ClosuresReport, rejects: Rejects
) -> _File:
    vector = read_vector(path, source.layer, source.encoding)
    columns = _columns(vector, source, str(path), report)
    reference = resolve_crs(vector.crs, source.crs, str(path))
    geometry = project(vector.geometry, reference, source.area, str(path))
    report.n_read, report.crs = len(vector), f"{reference.name} ({reference.found})"
    absent_of = {fault.item: (fault.reason, fault.detail) for fault in absent(geometry, vector.unreadable)}
    repeated = {one for one, n in Counter(columns.ids).items() if n > 1}
    found = _File()
    for item, external_id in enumerate(columns.ids):
        fault = absent_of.get(item) or _fault(columns, item, repeated)
        shape, why = (None, "") if fault else _shape(geometry[item])
        if fault is not None or shape is None:
            reason, detail = fault or (Why.BAD_GEOMETRY, why)
            rejects.add(reason, detail, _payload(vector, item), item=item)
            found.faulty.add(str(external_id))
        else:
            order = _order(columns, item, shape, name, now)
            found.closures[str(external_id)] = (order, columns.begins_at[item] is None)
    return found


def _order(columns: _Columns, item: int, shape: Any, name: str, now: datetime) -> NewOrder:
    """The order of a feature without fault; without a reason it says what it is and where it comes from."""
    begins_at, ends_at = columns.begins_at[item], columns.ends_at[item]
    restriction = Restriction(str(columns.restriction[item]))
    return NewOrder(
        OrderKind.RESTRICTION, restriction, None, columns.direction[item],
        begins_at if isinstance(begins_at, datetime) else now, ends_at if isinstance(ends_at, datetime) else None,
        {"geometry": str(shape.geom_type)}, shape,
        (columns.reason[item] or f"{name}: {restriction.ja}")[:REASON_MAX], True,
    )  # fmt: skip


def _directions(column: Any, source: SourceSettings, unmapped: Unmapped, n: int) -> list[str]:
    if column is None:
        return ["both"] * n
    words = DIRECTIONS | source.values.get("direction", {})
    return [word or "both" for word in translate(text_of(column).to_pylist(), "direction", words, unmapped)]


def _times(column: Any, source: SourceSettings, where: str, n: int) -> list[datetime | Fault | None]:
    """A moment, what is wrong with it, or None where the field is empty."""
    if column is None:
        return [None] * n
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        column = text_of(column)
    empty = column.is_null().to_pylist()
    if all(empty):
        return [None] * n
    at_us, faults = parse_times(column, source.timezone, source.time_format, where)
    return [
        None if is_empty else Fault(int(fault)) if fault else from_us(int(us))
        for us, fault, is_empty in zip(at_us, faults, empty, strict=True)
    ]


def _fault(columns: _Columns, item: int, repeated: set[Any]) -> tuple[Why, str] | None:
    """What makes a feature unusable."""
    external_id, given = columns.ids[item], columns.given[item]
    begins_at, ends_at = columns.begins_at[item], columns.ends_at[item]
    if external_id is None:
        return Why.MISSING_ID, "the closure has no id, and could never be changed or ended"
    if external_id in repeated:
        return Why.DUPLICATE_ID, f"the id {external_id!r} comes twice"
    if columns.restriction[item] is None:
        return Why.MISSING_FIELD, "no restriction" if given is None else f"{given!r} is no restriction that we know"
    for name, moment in (("begins_at", begins_at), ("ends_at", ends_at)):
        if isinstance(moment, Fault):
            is_unclear = moment is Fault.AMBIGUOUS
            return Why.AMBIGUOUS_TIME if is_unclear else Why.UNPARSABLE_TIME, f"{name}: {moment.name.lower()}"
    if isinstance(begins_at, datetime) and isinstance(ends_at, datetime) and ends_at <= begins_at:
        return Why.EMPTY_PERIOD, "it ends before it begins"
    return None


def _shape(geometry: Any) -> tuple[Any, str]:
    try:
        return checked_shape(geometry), ""
    except InputError as error:
        return None, error.message


def _payload(vector: VectorTable, item: int) -> dict[str, Any]:
    row = {name: vector.columns.column(name)[item].as_py() for name in vector.columns.column_names}
    shape = vector.geometry[item]
    return {"properties": row, "geometry": None if shape is None else shapely.to_wkt(shape)[:2_000]}


def _write(
    connection: psycopg.Connection[Row],
    source_id: int,
    source: SourceSettings,
    found: _File,
    now: datetime,
    report: ClosuresReport,
    *,
    is_whole: bool,
) -> None:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(read_sql("ingest", "read_orders_of_source"), {"source_id": source_id}).fetchall()
    held = {row["external_id"]: row for row in rows}
    author = Author(report.source)
    for external_id, (order, has_no_begin) in found.closures.items():
        old = held.get(external_id)
        if old is None or (old["ends_at"] is not None and old["ends_at"] <= now and order.ends_at != old["ends_at"]):
            standing = {"author_of": None, "source_id": source_id, "external_id": external_id}
            write_order(connection, author, order, "place", standing | {"is_synthetic": source.synthetic})
            report.n_placed += 1
            continue
        if has_no_begin:
            order = replace(order, begins_at=old["begins_at"])
        if _is_same(order, order_of(old)):
            report.n_same += 1
        else:
            write_order(connection, author, order, "change", old)
            report.n_changed += 1
    gone = [row for one, row in held.items() if one not in found.closures and one not in found.faulty]
    for row in gone if is_whole else ():
        if row["ends_at"] is None or row["ends_at"] > now:
            end_from_source(connection, author, row, now, f"{report.source}: no longer listed")
            report.n_ended += 1


def _is_same(a: NewOrder, b: NewOrder) -> bool:
    said = ("restriction", "direction", "begins_at", "ends_at", "reason", "is_reason_public")
    return all(getattr(a, name) == getattr(b, name) for name in said) and bool(
        shapely.to_wkb(a.shape) == shapely.to_wkb(b.shape)
    )
