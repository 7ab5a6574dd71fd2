"""Rows of a plan file: attributes by the names of its kind, geometry in degrees, faulty ones to quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.settings import SourceSettings
from ingest.mapping import FieldMap, Unmapped, normal, resolve, take, text_of
from ingest.place_checks import Box, ids_by_words, notes_of, place_faults
from ingest.plan_kinds import KINDS, Kind, PlanKind, Unreadable
from ingest.projection import project, resolve_crs
from ingest.quarantine import Rejects, Why
from ingest.road_rows import json_of
from ingest.shapes import absent
from ingest.tabular import POSITION_NAMES, CsvTable, is_csv, read_csv
from ingest.vector import VectorTable, read_vector

#: Dimension of a geometry and the word of Kind.geometry.
_DIMENSIONS = {0: "point", 1: "line", 2: "area"}
#: Columns by which a route or section names roads instead of a geometry: all of a road, or from–to in metres.
ROAD_NAMES = {"road_id": ("road_id",), "from_m": ("from_m",), "to_m": ("to_m",)}


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A row of raw.plan; `attributes` as JSON, `item` the number of its first feature."""

    item: int
    external_id: str
    attributes: str
    geometry: Any


@dataclass(slots=True)
class PlanRows:
    """What was read of a file."""

    n_read: int
    encoding: str
    crs: str
    mapping: dict[str, str]
    rows: list[PlanRow] = field(default_factory=list)
    blanked: Unmapped = field(default_factory=Unmapped)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Draft:
    item: int
    attributes: dict[str, Any]
    geometry: list[Any]
    roads: list[dict[str, Any]]


def read_plan_rows(
    path: Path, kind_name: PlanKind, source_name: str, source: SourceSettings, rejects: Rejects,
    area: Box | None = None,
) -> PlanRows:  # fmt: skip
    """Read a plan file without any database. Raises InputError or MappingError for the file as a whole.

    area  where places may lie: west, south, east, north in degrees; None: anywhere
    """
    kind = KINDS[kind_name]
    n_before = len(rejects)
    table = _read(path, source, rejects)
    vector = table.vector
    names = {"id": kind.id_names, **{name: f.names for name, f in kind.fields.items()}, "synthetic": ("synthetic",)}
    if kind_name in ("routes", "sections", "priority_network"):
        names |= ROAD_NAMES
    given = {key: column for key, column in source.fields.items() if key not in POSITION_NAMES}
    required = [name for name, f in kind.fields.items() if f.is_required]
    if kind.is_merged and kind_name != "areas" and not kind.id_words:
        required.append("id")
    fields = resolve(vector.columns.column_names, given, names, required, str(path))
    crs, geometry = _geometry(vector, kind, source, path)
    mapping = (fields.describe() | table.position.describe()) if is_csv(path) else fields.describe()
    read = PlanRows(len(vector) + len(rejects) - n_before, str(vector.encoding), crs, mapping)
    _Reader(kind, kind_name, source_name, source, table, fields, geometry, rejects, read, area).run()
    return read


def _read(path: Path, source: SourceSettings, rejects: Rejects) -> CsvTable:
    if is_csv(path):
        return read_csv(path, source.encoding, source.fields, rejects)
    return CsvTable(read_vector(path, source.layer, source.encoding), [], FieldMap({}))


def _geometry(vector: VectorTable, kind: Kind, source: SourceSettings, path: Path) -> tuple[str, NDArray[np.object_]]:
    """Name of the CRS and geometries in degrees; nothing for a kind or a file without geometry."""
    if not kind.geometry or bool(shapely.is_missing(vector.geometry).all()):
        return "none", np.full(len(vector), None, dtype=object)
    reference = resolve_crs(vector.crs, source.crs, str(path))
    return f"{reference.name} ({reference.found})", project(vector.geometry, reference, source.area, str(path))


@dataclass(slots=True)
class _Reader:
    """One pass over the features of a file."""

    kind: Kind
    kind_name: PlanKind
    source_name: str
    source: SourceSettings
    table: CsvTable
    fields: FieldMap
    geometry: NDArray[np.object_]
    rejects: Rejects
    read: PlanRows
    area: Box | None = None
    drafts: dict[str, _Draft] = field(default_factory=dict)

    def run(self) -> None:
        columns = {name: self._texts(column) for name, column in self.fields.columns.items()}
        roads = "road_id" in columns
        is_bare = not self.kind.needs_geometry and bool(shapely.is_missing(self.geometry).all())
        faults = {} if roads or is_bare else self._geometry_faults()
        ids = self._ids(columns)
        rest = self._rest(is_id_used=ids == columns.get("id"))
        for i in range(len(self.table.vector)):
            if i in faults:
                self._reject(i, *faults[i])
                continue
            row = {name: values[i] for name, values in columns.items()}
            try:
                attributes = self._attributes(row)
            except _Refused as error:
                self._reject(i, error.reason, str(error))
                continue
            self._take(i, ids[i], rest[i] | attributes, row)
        for external_id, draft in self.drafts.items():
            if draft.roads:
                draft.attributes["roads"] = draft.roads
            made = _joined(draft.geometry)
            self.read.rows.append(PlanRow(draft.item, external_id, json_of(draft.attributes, keep_nulls=True), made))
        kept = list(self.drafts.values())
        shapes = [row.geometry for row in self.read.rows]
        self.read.notes += notes_of(self.kind_name, [draft.attributes for draft in kept], shapes)

    def _texts(self, expression: str) -> list[str | None]:
        values: list[str | None] = text_of(take(self.table.vector.columns, expression)).to_pylist()
        return [None if value is None else normal(value) or None for value in values]

    def _ids(self, columns: dict[str, list[str | None]]) -> list[str | None]:
        """The id of each feature: its own, for posts route and km, else words or its number."""
        n, given = len(self.table.vector), columns.get("id")
        if self.kind.id_words:
            words = [columns.get(name, [None] * n) for name in self.kind.id_words]
            made = ids_by_words(list(zip(*words, strict=True)), self.geometry, with_place=not self.kind.is_merged)
            return [own or made[i] or f"#{i}" for i, own in enumerate(given or [None] * n)]
        unique = given is not None and len({v for v in given if v is not None}) == n
        if given is not None and (self.kind.is_merged or unique or self.kind_name != "layer"):
            return given if self.kind.is_merged else [value or f"#{i}" for i, value in enumerate(given)]
        return [f"#{i}" for i in range(n)]

    def _rest(self, *, is_id_used: bool) -> list[dict[str, Any]]:
        """Columns that are no fields, for the kinds that keep them; an id column that serves as none is one of them."""
        vector = self.table.vector
        if not self.kind.keeps_rest:
            return [{} for _ in range(len(vector))]
        used = {column for name, column in self.fields.columns.items() if name != "id" or is_id_used}
        used |= set(self.table.position.columns.values())
        kept = vector.columns.select([name for name in vector.columns.column_names if name not in used])
        return kept.to_pylist() if kept.column_names else [{} for _ in range(len(vector))]

    def _geometry_faults(self) -> dict[int, tuple[Why, str]]:
        faults = {f.item: (f.reason, f.detail) for f in absent(self.geometry, self.table.vector.unreadable)}
        dimension = shapely.get_dimensions(self.geometry)
        if self.kind.is_place:
            faults |= {i: fault for i, fault in place_faults(self.geometry, self.area).items() if i not in faults}
        xy, index = shapely.get_coordinates(self.geometry, return_index=True)
        far = ~((np.abs(xy[:, 0]) <= 180) & (np.abs(xy[:, 1]) <= 90))  # True for NaN as well
        for i in np.unique(index[far]).tolist():
            faults.setdefault(i, (Why.NOT_FINITE, "a coordinate is no longitude and latitude"))
        for i, d in enumerate(dimension.tolist()):
            word = _DIMENSIONS.get(d, "nothing")
            if i not in faults and word not in self.kind.geometry:
                wanted = " or ".join(sorted(self.kind.geometry))
                faults[i] = (Why.WRONG_GEOMETRY, f"{self.kind_name} need a {wanted}, this is a {word}")
        return faults

    def _attributes(self, row: dict[str, str | None]) -> dict[str, Any]:
        """The fields of the kind, read. Raises _Refused where a required one is missing or cannot be read."""
        found: dict[str, Any] = {}
        for name, spec in self.kind.fields.items():
            value = row.get(name)
            if value is None and spec.is_required:
                raise _Refused(Why.MISSING_FIELD, f"{name} is empty")
            try:
                found[name] = None if value is None else spec.read(value, self._words(name), self.source.timezone)
            except Unreadable as error:
                if spec.is_required:
                    raise _Refused(_why_unreadable(name), f"{name}: {error}") from error
                self.read.blanked.add(name, str(value))
                found[name] = None
        self._check(found)
        marked = row.get("synthetic")
        found["synthetic"] = self.source.synthetic or (marked is not None and marked.casefold() in ("true", "1", "t"))
        return found

    def _words(self, name: str) -> dict[str, str]:
        return {normal(key): word for key, word in self.source.values.get(name, {}).items()}

    def _check(self, found: dict[str, Any]) -> None:
        """What must hold between fields, and what follows from others."""
        if "route_id" in found and found["route_id"] is None and found["section_id"] is None:
            raise _Refused(Why.MISSING_FIELD, "neither route_id nor section_id is given")
        for start, end in (("from_at", "to_at"), ("planned_start_at", "planned_end_at")):
            if found.get(end) is not None and found[start] >= found[end]:
                raise _Refused(Why.EMPTY_PERIOD, f"{end} {found[end]} is not after {start} {found[start]}")
        if found.get("vehicle") is not None and found.get("source") is None:
            found["source"] = self.source_name

    def _take(self, i: int, external_id: str | None, attributes: dict[str, Any], row: dict[str, str | None]) -> None:
        if self.kind_name == "kmposts":
            external_id = f"{attributes['route']}:{attributes['km']:g}"
        if external_id is None:
            self._reject(i, Why.MISSING_ID, "the id is empty")
            return
        if attributes.get("name", "") is None and not self.kind.keeps_rest:
            attributes["name"] = attributes.get("route") if self.kind.id_words else external_id
        known = self.drafts.get(external_id)
        if known is not None and not self.kind.is_merged:
            self._reject(i, Why.DUPLICATE_ID, f"id {external_id!r} is that of feature {known.item} already")
            return
        draft = self.drafts.setdefault(external_id, _Draft(i, attributes, [], []))
        if self.geometry[i] is not None:
            draft.geometry.append(self.geometry[i])
        if row.get("road_id") is not None:
            draft.roads.append(
                {"road_id": row["road_id"], "from_m": _metres(row, "from_m"), "to_m": _metres(row, "to_m")}
            )

    def _reject(self, i: int, reason: Why, detail: str) -> None:
        row = self.table.vector.columns.slice(i, 1).to_pylist()[0]
        geometry = self.geometry[i]
        payload = {
            "file": Path(self.table.vector.file).name,
            "attributes": {
                key: value if isinstance(value, int | float | str) else str(value) for key, value in row.items()
            },
            "wkt": None if geometry is None else shapely.to_wkt(geometry, rounding_precision=9)[:10_000],
        }
        line = self.table.line[i] if self.table.line else None
        self.rejects.add(reason, detail, payload, line=line, item=i)


def _why_unreadable(name: str) -> Why:
    if name.endswith("_at"):
        return Why.UNPARSABLE_TIME
    return Why.MISSING_FIELD if name in ("kind", "link") else Why.NOT_A_NUMBER


class _Refused(Exception):
    """A row that cannot be used; stays inside this module."""

    def __init__(self, reason: Why, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def _metres(row: dict[str, str | None], name: str) -> float | None:
    try:
        return float(row[name] or "") if name in row else None
    except ValueError:
        return None


def _joined(parts: Sequence[Any]) -> Any:
    """One geometry of the pieces of an id; None of none."""
    if len(parts) <= 1:
        return parts[0] if parts else None
    flat = shapely.get_parts(np.array(parts, dtype=object))
    kinds = set(shapely.get_dimensions(flat).tolist())
    if kinds == {1}:
        return shapely.multilinestrings(flat)
    return shapely.multipolygons(flat) if kinds == {2} else shapely.geometrycollections(flat)
