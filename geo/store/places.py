"""The register of places and cameras: raw → net. Ids stay over re-imports; what is delivered no more is retired."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
import shapely
from psycopg.types.json import Jsonb

from geo.db import Row, read_sql
from geo.store.plan_rows import PlanFeature, hex_ewkb
from geo.vocabulary import FacilityKind

#: Digits of an id: 48 bits, of which 10,000 places share one with a chance of 1 in 5 million.
ID_DIGITS = 12
#: Rises when the same deliveries give other rows.
PLACES_VERSION = 1
STAGE = "places"
TOLD = ("name_en", "licence", "attribution")


@dataclass(frozen=True, slots=True)
class PlacesReport:
    """What bringing the register up to date gave. n_changed counts new and changed ones."""

    is_new: bool
    n_places: int = 0
    n_changed: int = 0
    n_retired: int = 0
    n_cameras: int = 0
    n_cameras_changed: int = 0
    n_cameras_retired: int = 0


def stable_id(*words: str) -> str:
    """An id of what something is called at its source: the same in every database and after each import."""
    return hashlib.sha256("\x1f".join(words).encode()).hexdigest()[:ID_DIGITS]


def row_key(row: Any) -> str:
    """A digest of the content of a row."""
    text = json.dumps(row, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_features(connection: psycopg.Connection[Row], kind: str) -> list[tuple[str, PlanFeature]]:
    """(source, feature) of every row of a kind that stands today."""
    rows = connection.execute(read_sql("geo", "queries/read_place_rows"), {"kind": kind}).fetchall()
    return [
        (str(source), PlanFeature(
            str(external_id), str(layer), (attributes,), () if wkb is None else (shapely.from_wkb(wkb),), is_synthetic,
        ))
        for source, layer, external_id, attributes, wkb, is_synthetic in rows
    ]  # fmt: skip


def sets_key(connection: psycopg.Connection[Row], kinds: Sequence[str], *more: object) -> str:
    """A digest of the deliveries of some kinds that stand today, and of whatever else decides the outcome."""
    rows = connection.execute(read_sql("geo", "queries/read_place_sets"), {"kinds": list(kinds)}).fetchall()
    content = hashlib.sha256(repr((PLACES_VERSION, *more)).encode())
    for row in rows:
        content.update(repr([bytes(v).hex() if isinstance(v, bytes | memoryview) else v for v in row]).encode())
    return content.hexdigest()


def stage_detail(connection: psycopg.Connection[Row], stage: str) -> dict[str, Any]:
    """What the last run of a stage left; empty before the first one."""
    row = connection.execute(read_sql("geo", "queries/read_stage_detail"), {"stage": stage}).fetchone()
    return {} if row is None else dict(row[0])


def keep_detail(connection: psycopg.Connection[Row], stage: str, detail: dict[str, Any]) -> None:
    """Keep what a run of a stage leaves."""
    connection.execute(read_sql("geo", "queries/set_stage_detail"), {"stage": stage, "detail": Jsonb(detail)})


def refresh_places(connection: psycopg.Connection[Row]) -> PlacesReport:
    """Bring net.place and net.camera in line with what stands in raw, in the connection's transaction, as yuki_engine.

    The same deliveries change nothing.
    """
    connection.execute(read_sql("geo", "queries/lock_network"))
    key = sets_key(connection, ("places", "cameras"))
    if stage_detail(connection, STAGE).get("key") == key:
        return PlacesReport(is_new=False)
    places = _rows(connection, "places", _place)
    cameras = _rows(connection, "cameras", _camera)
    n_changed, n_retired = _bring(connection, "place", places)
    n_cameras_changed, n_cameras_retired = _bring(connection, "camera", cameras)
    keep_detail(connection, STAGE, {"key": key})
    return PlacesReport(
        True, len(places), n_changed, n_retired, len(cameras), n_cameras_changed, n_cameras_retired
    )  # fmt: skip


def _rows(
    connection: psycopg.Connection[Row], kind: str, make: Callable[[str, PlanFeature], dict[str, Any]]
) -> list[dict[str, Any]]:
    """Rows by id; of several deliveries that hold the same one the last counts."""
    found: dict[str, dict[str, Any]] = {}
    for source, feature in read_features(connection, kind):
        if feature.shapes:
            row = make(source, feature)
            own = next(iter(row.values()))
            found[str(own)] = row | {"row_key": row_key(row)}
    return list(found.values())


def _head(source: str, feature: PlanFeature) -> dict[str, Any]:
    return {
        "source": source, "external_id": feature.external_id, "name": feature.text("name", feature.external_id),
        "is_synthetic": feature.is_synthetic, "geom": hex_ewkb(shapely.point_on_surface(feature.shapes[0])),
        **{name: feature.text(name) for name in TOLD},
    }  # fmt: skip


def _place(source: str, feature: PlanFeature) -> dict[str, Any]:
    kind = feature.text("kind", FacilityKind.OTHER.value) or FacilityKind.OTHER.value
    told = {name: feature.text(name) for name in ("address", "phone", "opening")}
    head = {"place_id": stable_id("place", source, kind, feature.external_id), "kind": kind}
    return head | _head(source, feature) | told | {"capacity": feature.attributes.get("capacity")}


def _camera(source: str, feature: PlanFeature) -> dict[str, Any]:
    head = {"camera_id": stable_id("camera", source, feature.external_id)}
    interval_s = int(feature.attributes["interval_s"])
    return head | _head(source, feature) | {"road": feature.text("road"), "interval_s": interval_s}


def _bring(connection: psycopg.Connection[Row], what: LiteralString, rows: list[dict[str, Any]]) -> tuple[int, int]:
    """(rows written, rows retired)."""
    written = connection.execute(read_sql("geo", f"queries/write_{what}s"), {"rows": Jsonb(rows)}).rowcount
    ids = {f"{what}_ids": [row[f"{what}_id"] for row in rows]}
    return written, connection.execute(read_sql("geo", f"queries/retire_{what}s"), ids).rowcount
