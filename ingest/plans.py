"""Plans and reference layers into raw.plan: routes, sections, assignments, planned passes, kilometre posts, depots,
areas and any other layer. One call is one delivery, which stands for its source, kind and layer from then on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import shapely

from geo.db import Database, Role, Row, read_sql
from geo.errors import InputError
from geo.settings import SourceSettings
from ingest import quarantine
from ingest.files import digest, digest_of_settings, require
from ingest.place_checks import Box, area_around_roads
from ingest.plan_kinds import DEFAULT_AREA_LAYER, KINDS, PlanKind
from ingest.plan_rows import PlanRow, read_plan_rows
from ingest.quarantine import Rejects
from ingest.registry import Counts, IngestFile, complete, opened_file, register_source
from ingest.road_rows import copy_table

type Progress = Callable[[int, int], None]

#: Raise it when the same file would be read into other rows: then no earlier delivery counts as a repeat.
READER_VERSION = 1


@dataclass(frozen=True, slots=True)
class PlansReport:
    """What became of a plan file.

    counts     features or rows read; those that are part of a kept row; the rest quarantined
    n_rows     rows of raw.plan, fewer than features where several pieces make one route
    blanked    values of optional fields that could not be read, by field and value; they are null now
    notes      what a person should look at, in words
    """

    source: str
    kind: str
    layer: str
    file_id: int
    is_repeat: bool
    is_changed: bool
    counts: Counts
    n_rows: int
    encoding: str
    crs: str
    mapping: dict[str, str]
    quarantined: dict[str, int]
    blanked: dict[str, dict[str, int]]
    notes: list[str] = field(default_factory=list)


def ingest_plans(
    database: Database,
    kind: PlanKind,
    path: Path,
    source_name: str,
    source: SourceSettings,
    *,
    layer: str | None = None,
    margin_deg: float = 0.5,
    progress: Progress | None = None,
) -> PlansReport:
    """Take in one plan file in one transaction. `layer` names the reference layer of kinds areas and layer, and tells
    deliveries of kind places apart; places farther than margin_deg from the box around all roads go to quarantine.

    The same file again writes nothing; another file of the kind replaces it for this source. A row that cannot be used
    goes to quarantine, and the others go on. Raises InputError (nothing is kept then), ConflictError, DatabaseProblem.
    """
    if kind not in KINDS:
        raise InputError(f"{kind!r} is no kind of plan.", hint=f"Kinds: {', '.join(KINDS)}.")
    name = layer_name(kind, path, layer)
    chosen = {"crs", "encoding", "layer", "fields", "values", "area", "timezone", "synthetic"}
    settings = {**source.model_dump(mode="json", include=chosen), "to": name, "as": source_name}
    settings_digest = digest_of_settings(settings | {"reader": READER_VERSION})
    with database.connect(Role.INGEST) as connection:
        source_id = register_source(connection, source_name, "files", source)
        sha256 = digest(require(path))
        with opened_file(connection, source_id, kind, path.name, sha256, settings_digest) as delivery:
            if delivery.counts is None:
                area = area_around_roads(connection, margin_deg) if KINDS[kind].is_place else None
                report, counts = _load(connection, delivery, path, source_name, source, name, progress, area)
            else:
                report, counts = delivery.report, delivery.counts
            changed = connection.execute(
                read_sql("ingest", "set_plan_set"),
                {"source_id": source_id, "kind": kind, "layer": name, "file_id": delivery.file_id},
            ).fetchone()
            if kind == "assignments":
                connection.execute(read_sql("ingest", "register_assigned"), {"file_id": delivery.file_id})
            if delivery.counts is None:
                complete(connection, delivery, counts, report)
    return PlansReport(
        source=source_name, kind=kind, layer=name, file_id=delivery.file_id, is_repeat=delivery.is_complete,
        is_changed=changed is not None, counts=counts, **report,
    )  # fmt: skip


def layer_name(kind: PlanKind, path: Path, layer: str | None) -> str:
    """The reference layer that a file becomes: named, else municipalities for areas, else the file's own name."""
    if kind == "areas":
        return layer or DEFAULT_AREA_LAYER
    return (layer or path.stem.lower()) if kind in ("layer", "places") else kind


def _load(
    connection: psycopg.Connection[Row],
    delivery: IngestFile,
    path: Path,
    source_name: str,
    source: SourceSettings,
    layer: str,
    progress: Progress | None,
    area: Box | None,
) -> tuple[dict[str, Any], Counts]:
    """Read and COPY the file; the report as it is kept, and the counts."""
    rejects = Rejects()
    kind: PlanKind = delivery.kind  # type: ignore[assignment]  # it is what ingest_plans put in
    read = read_plan_rows(path, kind, source_name, source, rejects, area)
    if not read.rows:
        raise InputError(
            f"{path}: not one usable row; reasons: {rejects.by_reason()}.",
            hint=f"Compare its columns with those of {kind} in docs/reference/plans.md.",
        )
    table = plan_table(read.rows, delivery.file_id, kind, layer)
    done = 0

    def wrote(n: int) -> None:
        nonlocal done
        done += n
        if progress is not None:
            progress(done, len(table))

    copy_table(connection, "copy_plan", table, wrote)
    quarantine.store(connection, delivery.file_id, delivery.source_id, kind, rejects.rows)
    counts = Counts(read.n_read, read.n_read - len(rejects), 0, len(rejects))
    report = {
        "n_rows": len(read.rows),
        "encoding": read.encoding,
        "crs": read.crs,
        "mapping": read.mapping,
        "quarantined": rejects.by_reason(),
        "blanked": read.blanked.describe(),
        "notes": read.notes,
    }
    return report, counts


def plan_table(rows: list[PlanRow], file_id: int, kind: str, layer: str) -> pa.Table:
    """The rows as columns of raw.plan."""
    shapes = shapely.set_srid(np.array([row.geometry for row in rows], dtype=object), 4326)
    ewkb = shapely.to_wkb(shapes, hex=True, include_srid=True)
    return pa.table(
        {
            "file_id": pa.repeat(pa.scalar(file_id, pa.int64()), len(rows)),
            "item": pa.array([row.item for row in rows], pa.int64()),
            "kind": pa.repeat(pa.scalar(kind), len(rows)),
            "layer": pa.repeat(pa.scalar(layer), len(rows)),
            "external_id": pa.array([row.external_id for row in rows], pa.string()),
            "attributes": pa.array([row.attributes for row in rows], pa.string()),
            "geom": pa.array(ewkb, pa.string()),
        }
    )
