"""Fixes out of raw: whose are new, which span has to be matched again with them, and the fixes of that span."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.db import Row, read_sql
from geo.fix import TREATMENTS, Fixes
from geo.store.bulk import FOREVER, NEVER, read_columns
from geo.timeline import from_us
from geo.vocabulary import Treatment, WorkBasis
from geo.work import BASES, BASIS_UNKNOWN, NO_TREATMENT, SourceWork

type Ints = NDArray[np.int64]

STAGE = "match"


@dataclass(frozen=True, slots=True)
class Batches:
    """Batches that a stage has not seen: the position of the last one, their ids, the span of their times."""

    position: int
    batch_ids: list[int]
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Touched:
    """A vehicle with something to do: the span of its new fixes, or of an open trace that can be closed."""

    vehicle_id: int
    from_at: datetime
    to_at: datetime
    n_fixes: int


@dataclass(frozen=True, slots=True)
class Windows:
    """Spans of fixes, one a vehicle, both ends inclusive; NEVER and FOREVER where there is no end."""

    vehicle: Ints
    from_us: Ints
    to_us: Ints

    @property
    def params(self) -> dict[str, Any]:
        """As parameters of the queries."""
        return {
            "vehicle_ids": self.vehicle.tolist(),
            "from_ats": [_text(us) for us in self.from_us],
            "to_ats": [_text(us) for us in self.to_us],
        }


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle, with what its source says of it."""

    vehicle_id: int
    external_id: str
    source: str
    basis: int
    treatment: int
    is_synthetic: bool


def _text(us: int | np.int64) -> str:
    return "-infinity" if us == NEVER else "infinity" if us == FOREVER else from_us(int(us)).isoformat()


def read_mark(connection: psycopg.Connection[Row], stage: str = STAGE) -> int:
    """The position up to which a stage has come; 0 before its first run."""
    row = connection.execute(read_sql("geo", "queries/read_watermark"), {"stage": stage}).fetchone()
    return int(row[0]) if row else 0


def move_mark(connection: psycopg.Connection[Row], position: int, stage: str = STAGE) -> None:
    """Set the position up to which a stage has come; it never goes back."""
    connection.execute(read_sql("geo", "queries/write_watermark"), {"stage": stage, "position": position})


def read_batches(
    connection: psycopg.Connection[Row], position: int, kind: str = "fixes", most: int = 10**15
) -> Batches | None:
    """The batches after a position, until they hold `most` rows; None without any."""
    params = {"position": position, "kind": kind, "most": most}
    row = connection.execute(read_sql("geo", "queries/read_batches"), params).fetchone()
    return None if row is None or row[0] is None else Batches(*row)


def read_touched(connection: psycopg.Connection[Row], news: Batches | None, quiet_at: datetime) -> list[Touched]:
    """Vehicles with something to do: those with fixes of the batches, and those whose open trace can be closed."""
    span = {"batch_ids": [], "first_at": None, "last_at": None} if news is None else asdict(news)
    rows = connection.execute(read_sql("geo", "queries/read_touched"), span | {"quiet_at": quiet_at}).fetchall()
    return [Touched(*row) for row in rows]


def chunks_of(touched: list[Touched], n_fixes: int) -> list[list[Touched]]:
    """The vehicles in parts of about n_fixes fixes each, whole vehicles only."""
    if not touched:
        return []
    part = np.cumsum([one.n_fixes for one in touched]) // n_fixes
    ends = [0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), len(touched)]
    return [touched[a:b] for a, b in pairwise(ends)]


def read_windows(connection: psycopg.Connection[Row], touched: list[Touched], max_gap_s: float) -> Windows:
    """The span of fixes of each vehicle that decides the traces around its new fixes."""
    params = {
        "vehicle_ids": [one.vehicle_id for one in touched],
        "from_ats": [one.from_at for one in touched],
        "to_ats": [one.to_at for one in touched],
        "gap": timedelta(seconds=max_gap_s),
    }
    kinds = {"vehicle": "int4", "from_us": "timestamptz", "to_us": "timestamptz"}
    found = read_columns(connection, read_sql("geo", "queries/copy_windows"), params, kinds)
    return Windows(found["vehicle"].astype(np.int64), found["from_us"], found["to_us"])


def read_fixes(connection: psycopg.Connection[Row], windows: Windows) -> Fixes:
    """All fixes in the windows, by vehicle and time."""
    kinds = {"vehicle": "int4", "at_us": "timestamptz", "lon": "float8", "lat": "float8"}
    kinds |= dict.fromkeys(("heading_deg", "speed_mps", "accuracy_m"), "float4")
    kinds |= dict.fromkeys(("blade", "spreader", "work", "treatment"), "int2")
    params = {**windows.params, "treatments": [str(word) for word in TREATMENTS]}
    found = read_columns(connection, read_sql("geo", "queries/copy_fixes"), params, kinds)
    return Fixes.from_arrays(**found).sorted()


def read_vehicles(connection: psycopg.Connection[Row], vehicle_ids: list[int]) -> dict[int, Vehicle]:
    """The vehicles by id."""
    rows = connection.execute(read_sql("geo", "queries/read_vehicle_sources"), {"vehicle_ids": vehicle_ids}).fetchall()
    return {
        row[0]: Vehicle(
            vehicle_id=row[0],
            external_id=row[1],
            source=row[2],
            basis=BASES.index(WorkBasis(row[3])) if row[3] in ("declared", "assumed") else BASIS_UNKNOWN,
            treatment=TREATMENTS.index(Treatment(row[4])) if row[4] else NO_TREATMENT,
            is_synthetic=row[5],
        )
        for row in rows
    }


def source_work(vehicle: Ints, known: dict[int, Vehicle]) -> SourceWork:
    """What the source of each fix says, for (n,) vehicle ids."""
    ids, inverse = np.unique(vehicle, return_inverse=True)
    basis = np.array([known[int(one)].basis for one in ids], np.int8)
    treatment = np.array([known[int(one)].treatment for one in ids], np.int8)
    return SourceWork(basis[inverse], treatment[inverse])


def gap_before(now: datetime, max_gap_s: float) -> datetime:
    """A trace whose last fix is older than this is closed."""
    return now - timedelta(seconds=max_gap_s)
