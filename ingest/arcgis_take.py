"""Features of a layer into raw: positions like those of any live source, roads and closures as whole snapshots."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from geo.db import Database, Role, Row, read_sql
from geo.errors import InputError
from geo.settings import SourceSettings
from geo.timeline import from_us
from ingest.arcgis_json import fix_row, write_table
from ingest.arcgis_layer import Layer
from ingest.arcgis_query import Feature
from ingest.files import digest_of_settings
from ingest.fix_batch import ReadState
from ingest.json_fixes import rows_to_raw
from ingest.live_write import Delivery, write_group
from ingest.mapping import resolve
from ingest.plan_kinds import KINDS
from ingest.plans import ingest_plans
from ingest.quality import check
from ingest.register import register_of
from ingest.registry import Counts, complete, opened_file, register_source
from ingest.road_values import KNOWN_NAMES
from ingest.roads import ingest_roads


@dataclass(slots=True)
class Taken:
    """What became of the features of a poll: n_features = n_accepted + n_repeated + n_quarantined.

    edited_at   the newest date of edit among them; None: there is none
    is_changed  roads and closures: the snapshot is another one than the last
    detail      further figures for the report
    """

    n_features: int = 0
    n_accepted: int = 0
    n_repeated: int = 0
    n_quarantined: int = 0
    edited_at: datetime | None = None
    is_changed: bool = False
    quarantined: dict[str, int] = field(default_factory=dict)
    detail: dict[str, Any] = field(default_factory=dict)


def reading_of(source: SourceSettings) -> SourceSettings:
    """The settings by which features are read: what a server answers is in WGS 84 and in UTF-8 and has one layer."""
    return source.model_copy(update={"crs": None, "encoding": None, "layer": None})


def newest_edit(features: Iterable[Feature], layer: Layer) -> datetime | None:
    """The newest date of edit; None without any."""
    found = [feature.attributes.get(layer.edit_field) for feature in features] if layer.edit_field else []
    numbers = [value for value in found if isinstance(value, int | float) and 0 < value < 1e14]
    return from_us(int(max(numbers)) * 1000) if numbers else None


def take_vehicles(
    connection: psycopg.Connection[Row],
    source_id: int,
    name: str,
    source: SourceSettings,
    layer: Layer,
    pages: Iterable[list[Feature]],
    now: datetime,
) -> Taken:
    """Positions, each page committed by itself. What is there already changes nothing.

    connection  without an open transaction, as yuki_ingest
    Raises InputError for times without a zone where the source names none, and what reading the pages raises; the
    pages before stay.
    """
    taken, state = Taken(), ReadState()
    register = register_of(connection, source_id, name, source)
    connection.commit()
    for page in pages:
        if not page:
            continue
        first = len(state.rejects)
        items = range(taken.n_features, taken.n_features + len(page))
        raw = rows_to_raw([fix_row(feature, layer) for feature in page], source, items=items)
        batch = check(raw, source, now, state, name, register)
        rejects = state.rejects.rows[first:]
        receipt = write_group(connection, [Delivery(source_id, batch, rejects)])[0]
        taken.n_features += len(page)
        taken.n_accepted += receipt.n_accepted
        taken.n_repeated += receipt.n_repeated
        taken.n_quarantined += len(rejects)
        edits = [edit for edit in (taken.edited_at, newest_edit(page, layer)) if edit is not None]
        taken.edited_at = max(edits, default=None)
    taken.quarantined = state.rejects.by_reason()
    taken.detail = {"unmapped": state.unmapped.describe(), "blanked": dict(state.blanked)}
    return taken


def take_roads(
    database: Database, name: str, source: SourceSettings, layer: Layer, features: list[Feature], snap_m: float
) -> Taken:
    """A snapshot of roads as the road set of its source. Raises InputError where there is not one usable road."""
    if not features:
        raise InputError(f"{name}: the layer {layer.name} has no roads.", hint="Compare `where` with the layer.")
    with tempfile.TemporaryDirectory(prefix="yuki-arcgis-") as folder:
        path = _write(features, layer, source, KNOWN_NAMES["id"], folder, name)
        report = ingest_roads(database, [path], name, source, snap_m=snap_m)
    detail = {"n_lines": report.n_lines, "km": report.km, "unmapped": report.unmapped}
    return _snapshot(report.counts, report.quarantined, report.is_repeat, report.is_changed, detail)


def take_closures(
    database: Database, name: str, source: SourceSettings, layer: Layer, features: list[Feature], to: str
) -> Taken:
    """A snapshot of closures as the reference layer `to`: what is not in it any more has ended.

    Raises InputError where there are features and not one is usable.
    """
    if not features:
        return _take_none(database, name, source, to)
    with tempfile.TemporaryDirectory(prefix="yuki-arcgis-") as folder:
        path = _write(features, layer, source, KINDS["layer"].id_names, folder, name)
        report = ingest_plans(database, "layer", path, name, source, layer=to)
    detail = {"layer": to, "n_rows": report.n_rows, "blanked": report.blanked}
    return _snapshot(report.counts, report.quarantined, report.is_repeat, report.is_changed, detail)


def _write(
    features: list[Feature], layer: Layer, source: SourceSettings, id_names: Iterable[str], folder: str, name: str
) -> Path:
    """The snapshot as a file; with a column for the lasting id where none but the object id is known by its name."""
    names = list(id_names)
    given = {key: column for key, column in source.fields.items() if key == "id"}
    own = resolve(list(layer.fields), given, {"id": names}, where=name).columns.get("id", layer.object_id_field)
    has_id = bool(given) or own != layer.object_id_field
    path = Path(folder, re.sub(r"[^\w.-]", "_", name) + ".parquet")
    write_table(features, layer, path, None if has_id else names[0])
    return path


def _snapshot(
    counts: Counts, quarantined: dict[str, int], is_repeat: bool, is_changed: bool, detail: dict[str, Any]
) -> Taken:
    n_accepted, n_repeated = (0, counts.n_accepted) if is_repeat else (counts.n_accepted, counts.n_repeated)
    return Taken(
        counts.n_read, n_accepted, n_repeated, counts.n_quarantined, is_changed=is_changed, quarantined=quarantined,
        detail=detail,
    )  # fmt: skip


def _take_none(database: Database, name: str, source: SourceSettings, to: str) -> Taken:
    """An empty delivery stands for the layer: all closures have ended."""
    with database.connect(Role.INGEST) as connection:
        source_id = register_source(connection, name, "arcgis", source)
        settings = digest_of_settings({"to": to, "as": name, "n": 0})
        empty = hashlib.sha256(b"").digest()
        with opened_file(connection, source_id, "layer", f"{name} (empty)", empty, settings) as delivery:
            named = {"source_id": source_id, "kind": "layer", "layer": to, "file_id": delivery.file_id}
            changed = connection.execute(read_sql("ingest", "set_plan_set"), named).fetchone()
            if delivery.counts is None:
                complete(connection, delivery, Counts(0, 0, 0, 0), {"n_rows": 0, "quarantined": {}, "blanked": {}})
    return Taken(is_changed=changed is not None, detail={"layer": to, "n_rows": 0})


def watermark_of(taken: Taken, polled_at: datetime) -> datetime | None:
    """How far a poll has come: its newest edit, and never beyond its own begin, whatever an editor's clock said."""
    return None if taken.edited_at is None else min(taken.edited_at, polled_at.astimezone(UTC))
