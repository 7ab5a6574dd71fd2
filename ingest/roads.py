"""Road files of any kind into raw.road: one call is one road set, which stands for its source from then on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from geo.db import Database, Role, Row, read_sql
from geo.errors import InputError
from geo.settings import SourceSettings
from ingest import quarantine
from ingest.files import digest_of_set, digest_of_settings, require, size_of
from ingest.mapping import Unmapped, resolve
from ingest.osm import is_osm, read_osm
from ingest.projection import project, resolve_crs
from ingest.quarantine import Rejects
from ingest.registry import Counts, IngestFile, complete, opened_file, register_source
from ingest.road_rows import RoadRows, copy_table, reject, rows_of, to_arrow
from ingest.road_values import KNOWN_NAMES
from ingest.shapes import length_m
from ingest.vector import read_vector

type Progress = Callable[[int, int], None]

#: Raise it when the same file would be read into other rows: then no earlier delivery counts as a repeat.
READER_VERSION = 1


@dataclass(frozen=True, slots=True)
class RoadFile:
    """How one file was read.

    encoding, crs, mapping  what was used, and how it was found
    first_item              number of its first feature in raw.road
    """

    file: str
    layer: str
    n_features: int
    n_lines: int
    encoding: str
    crs: str
    mapping: dict[str, str]
    first_item: int
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RoadsReport:
    """What became of a road set. km are lengths on the sphere, before any joining or dropping of duplicates.

    is_repeat      the same bytes under the same settings were taken in before: raw.road was not touched
    is_changed     the road set of the source is another one than before
    counts         features read; those with at least one line kept; the rest quarantined
    """

    source: str
    file_id: int
    is_repeat: bool
    is_changed: bool
    counts: Counts
    files: tuple[RoadFile, ...]
    n_lines: int
    km: float
    km_by_class: dict[str, float]
    km_by_manager: dict[str, float]
    quarantined: dict[str, int]
    unmapped: dict[str, dict[str, int]]
    join_policy: str
    snap_m: float


def _settings_digest(source: SourceSettings) -> bytes:
    """Hash of what changes the rows. The joining policy does not: it is applied when the network is built."""
    names = {"crs", "encoding", "layer", "fields", "values", "area", "speed_unit"}
    chosen = source.model_dump(mode="json", include=names)
    chosen["speed_unit_given"] = "speed_unit" in source.model_fields_set
    return digest_of_settings(chosen | {"reader": READER_VERSION})


def ingest_roads(
    database: Database,
    paths: Sequence[Path],
    source_name: str,
    source: SourceSettings,
    *,
    snap_m: float = 0.5,
    progress: Progress | None = None,
) -> RoadsReport:
    """Take in the files as the road set of a source, in one transaction.

    The same files again write nothing; other files replace the set, and the rows of the former one stay in raw.
    A run that was killed is done again as if it had never been. Raises InputError (nothing is kept then),
    ConflictError while another process takes in the same files, DatabaseProblem.
    """
    if not paths:
        raise InputError("No road file was named.", hint="Name at least one file.")
    files = sorted((require(path) for path in paths), key=lambda path: path.name)
    policy = source.join_policy or "endpoints"
    with database.connect(Role.INGEST) as connection:
        source_id = register_source(connection, source_name, "files", source)
        name = ", ".join(path.name for path in files)
        with opened_file(
            connection, source_id, "roads", name, digest_of_set(files), _settings_digest(source)
        ) as delivery:
            if delivery.counts is None:
                report, counts = _load(connection, delivery, files, source, progress)
            else:
                report, counts = delivery.report, delivery.counts
            changed = connection.execute(
                read_sql("ingest", "set_road_set"),
                {"source_id": source_id, "file_id": delivery.file_id, "join_policy": policy, "snap_m": snap_m},
            ).fetchone()
            if delivery.counts is None:
                complete(connection, delivery, counts, report)
    parts = tuple(RoadFile(**part) for part in report["files"])
    rest = {key: value for key, value in report.items() if key != "files"}
    return RoadsReport(
        source=source_name, file_id=delivery.file_id, is_repeat=delivery.is_complete, is_changed=changed is not None,
        counts=counts, files=parts, join_policy=policy, snap_m=snap_m, **rest,
    )  # fmt: skip


@dataclass(slots=True)
class _Steps:
    """Progress in bytes, half of them for reading and half for writing."""

    progress: Progress | None
    total: int
    done: float = 0

    def add_part(self, n_bytes: int, n_rows: int, n: int) -> None:
        """n of n_rows rows were written of a file of so many bytes."""
        self.add(n_bytes * n / n_rows)

    def add(self, n_bytes: float) -> None:
        self.done += n_bytes
        if self.progress is not None:
            self.progress(min(round(self.done), self.total), self.total)


def _load(
    connection: psycopg.Connection[Row],
    delivery: IngestFile,
    files: Sequence[Path],
    source: SourceSettings,
    progress: Progress | None,
) -> tuple[dict[str, Any], Counts]:
    """Read and COPY every file; the report as it is kept, and the counts."""
    steps = _Steps(progress, 2 * sum(size_of(path) for path in files))
    rejects, unmapped, totals = Rejects(), Unmapped(), _Totals()
    parts: list[RoadFile] = []
    for path in files:
        rows, part = read_roads(path, source, rejects, unmapped, totals.n_features)
        size = size_of(path)
        steps.add(size)
        table = to_arrow(rows, delivery.file_id, totals.n_features)
        copy_table(connection, "copy_road", table, partial(steps.add_part, size, len(rows)))
        totals.add(rows, part.n_features)
        parts.append(part)
    if totals.n_lines == 0:
        raise InputError(
            f"{', '.join(map(str, files))}: not one usable line; reasons: {rejects.by_reason()}.",
            hint="Is it a layer of road lines?",
        )
    quarantine.store(connection, delivery.file_id, delivery.source_id, "roads", rejects.rows)
    counts = Counts(totals.n_features, totals.n_kept, 0, totals.n_features - totals.n_kept)
    report = {
        "files": [asdict(part) for part in parts],
        "n_lines": totals.n_lines,
        "km": round(sum(totals.km_by_class.values()), 3),
        "km_by_class": {key: round(value, 3) for key, value in sorted(totals.km_by_class.items())},
        "km_by_manager": {key: round(value, 3) for key, value in sorted(totals.km_by_manager.items())},
        "quarantined": rejects.by_reason(),
        "unmapped": unmapped.describe(),
    }
    return report, counts


@dataclass(slots=True)
class _Totals:
    n_features: int = 0
    n_kept: int = 0
    n_lines: int = 0
    km_by_class: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    km_by_manager: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, rows: RoadRows, n_features: int) -> None:
        self.n_features += n_features
        self.n_kept += len(set(rows.item))
        self.n_lines += len(rows)
        km = length_m(rows.geometry) / 1000
        for words, sums in ((rows.road_class, self.km_by_class), (rows.manager, self.km_by_manager)):
            names, code = np.unique(np.asarray(words, dtype=object).astype(str), return_inverse=True)
            for name, value in zip(names.tolist(), np.bincount(code, km).tolist(), strict=True):
                sums[name] += value


def read_roads(
    path: Path, source: SourceSettings, rejects: Rejects, unmapped: Unmapped, first_item: int = 0
) -> tuple[RoadRows, RoadFile]:
    """The roads of one file without any database; faulty features go to `rejects`. Raises InputError."""
    if is_osm(path):
        rows, n_ways, notes = read_osm(path, rejects)
        mapping = {"*": "OpenStreetMap tags"}
        return rows, RoadFile(
            path.name, "ways", n_ways, len(rows), "utf-8 (file)", "EPSG:4326 (file)", mapping, first_item, notes
        )
    vector = read_vector(path, source.layer, source.encoding)
    reference = resolve_crs(vector.crs, source.crs, str(path))
    geometry = project(vector.geometry, reference, source.area, str(path))
    fields = resolve(vector.columns.column_names, source.fields, KNOWN_NAMES, where=str(path))
    rows, faults = rows_of(vector, geometry, fields, source, unmapped)
    reject(faults, vector, first_item, rejects)
    said: dict[str, Any] = {"crs": reference.note} if reference.note else {}
    part = RoadFile(
        path.name, vector.layer, len(vector), len(rows), str(vector.encoding), f"{reference.name} ({reference.found})",
        fields.describe(), first_item, said,
    )  # fmt: skip
    return rows, part
