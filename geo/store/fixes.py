"""Fixes out of raw: whose are new, which span has to be matched again with them, and the fixes of that span."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.types.json import Jsonb

from geo.db import Row, read_sql
from geo.fix import TREATMENTS, Fixes
from geo.store.bulk import FOREVER, NEVER, read_columns
from geo.timeline import from_us
from geo.vocabulary import Treatment, WorkBasis
from geo.work import BASES, BASIS_UNKNOWN, NO_TREATMENT, SourceWork

type Ints = NDArray[np.int64]

STAGE = "match"
#: A fix carries the time at which its transaction began. One that committed later than others that began after it is
#: found again if that took less than this; ingest commits its batches within seconds.
LATE_COMMIT = timedelta(minutes=15)
#: The moment before all others, as the first mark of a stage.
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far the stage has come: the last received_at it saw, and how many fixes in LATE_COMMIT up to it."""

    received_at: datetime
    n_near: int


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


def read_watermark(connection: psycopg.Connection[Row]) -> Watermark | None:
    """How far matching has come; None before its first run."""
    row = connection.execute(read_sql("geo", "queries/read_watermark"), {"stage": STAGE}).fetchone()
    return None if row is None or row[0] is None else Watermark(row[0], int(row[1].get("n_near", 0)))


def move_watermark(connection: psycopg.Connection[Row], received_at: datetime) -> None:
    """Set the mark, with the number of fixes now seen near it."""
    near = {"since": received_at - LATE_COMMIT, "until": received_at}
    row = connection.execute(read_sql("geo", "queries/count_received"), near).fetchone()
    detail = Jsonb({"n_near": row[0] if row else 0})
    params = {"stage": STAGE, "received_at": received_at, "detail": detail}
    connection.execute(read_sql("geo", "queries/write_watermark"), params)


def read_touched(
    connection: psycopg.Connection[Row], mark: Watermark | None, quiet_at: datetime
) -> tuple[list[Touched], datetime | None]:
    """Vehicles with something to do since the mark, and the last received_at among their fixes.

    Where more fixes lie near the mark than were seen, all fixes near it count as new again.
    """
    since = BEGINNING if mark is None else mark.received_at
    if mark is not None:
        near = {"since": mark.received_at - LATE_COMMIT, "until": mark.received_at}
        row = connection.execute(read_sql("geo", "queries/count_received"), near).fetchone()
        if row and row[0] != mark.n_near:
            since = mark.received_at - LATE_COMMIT
    rows = connection.execute(
        read_sql("geo", "queries/read_touched"), {"since": since, "quiet_at": quiet_at}
    ).fetchall()
    received = [row[4] for row in rows if row[4] is not None]
    return [Touched(*row[:4]) for row in rows], max(received, default=None)


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


def read_fixes_since(
    connection: psycopg.Connection[Row], mark: Watermark | None, quiet_at: datetime, max_gap_s: float
) -> Fixes:
    """The fixes of every vehicle touched since the mark, each in its whole window."""
    touched, _ = read_touched(connection, mark, quiet_at)
    return read_fixes(connection, read_windows(connection, touched, max_gap_s)) if touched else Fixes.empty()


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
