"""Health of devices in ops.device_health: one row a vehicle, replaced in place where it changed.

A worker loads the memory once, feeds it with all new fixes of each round, and writes every few seconds. The table is a
cache: what a killed worker had not written is found again in ops.vehicle_state as far as it matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.rows import dict_row

from geo.db import Row, read_sql
from geo.device_health import DeviceHealth, DeviceRules, Duty, judge
from geo.devices import MEMORY, MEMORY_VERSION, NEVER, DeviceStats, blank
from geo.settings import Settings
from geo.store.events import current_event
from geo.timeline import from_us, to_us
from geo.vocabulary import DeviceReason

type Ints = NDArray[np.int64]
type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Known:
    """The devices of a worker: what is expected of them, and their names."""

    duty: Duty
    source: list[str]
    name: list[str]
    is_synthetic: list[bool]


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A row of ops.device_health. None as in its columns."""

    vehicle_id: int
    source: str
    vehicle: str
    last_fix_at: datetime | None
    last_received_at: datetime | None
    agreed_cadence_s: float | None
    cadence_s: float | None
    clock_skew_s: float | None
    overdue_s: float | None
    reasons: list[DeviceReason]
    is_called_out: bool
    is_synthetic: bool


def rules_of(settings: Settings) -> DeviceRules:
    """The boundaries of the settings."""
    return DeviceRules(settings.devices, settings.status.silent_min * 60, settings.status.shift_gap_min * 60)


def load_device_stats(connection: psycopg.Connection[Row], worker: int = 0, n_workers: int = 1) -> DeviceStats:
    """The memory of one worker's devices, those with vehicle_id % n_workers == worker, as it was last written."""
    params = {"memory_version": MEMORY_VERSION, "worker": worker, "n_workers": n_workers}
    rows = connection.execute(read_sql("geo", "queries/read_device_memories"), params).fetchall()
    memory = blank(np.array([row[0] for row in rows], np.int64))
    for at, (_, held, last_fix_at, lon, lat) in enumerate(rows):
        if held is not None:
            memory[at] = np.frombuffer(held, MEMORY)[0]
        if last_fix_at is not None and to_us(last_fix_at) > memory["last_fix_us"][at]:
            here = memory[at]
            here["last_fix_us"] = here["moved_us"] = to_us(last_fix_at)
            here["last_received_us"] = max(here["last_received_us"], here["last_fix_us"])
            here["lon"], here["lat"] = lon, lat
    return DeviceStats(memory)


def refresh_device_health(
    connection: psycopg.Connection[Row],
    stats: DeviceStats,
    rules: DeviceRules,
    now: datetime,
    worker: int = 0,
    n_workers: int = 1,
) -> int:
    """Judge the devices of one worker and write what changed, as yuki_engine; the number of rows written."""
    known = read_known(connection, now, worker, n_workers)
    health = judge(stats.of(known.duty.vehicle), known.duty, rules, to_us(now))
    return write_device_health(connection, stats, known, health, now)


def read_known(connection: psycopg.Connection[Row], now: datetime, worker: int = 0, n_workers: int = 1) -> Known:
    """Every vehicle of the worker that raw knows, heard or not, with what is expected of it at a moment."""
    is_event = not current_event(connection, now).is_standing
    params = {"as_of": now, "is_event": is_event, "worker": worker, "n_workers": n_workers}
    rows = connection.execute(read_sql("geo", "queries/read_device_duties"), params).fetchall()
    duty = Duty(
        vehicle=np.array([row[0] for row in rows], np.int64),
        cadence_s=np.array([np.nan if row[3] is None else row[3] for row in rows], np.float64),
        is_called_out=np.array([row[4] for row in rows], np.bool_),
        is_shift_over=np.array([row[5] for row in rows], np.bool_),
        last_line_us=np.array([NEVER if row[7] is None else to_us(row[7]) for row in rows], np.int64),
    )
    return Known(duty, [row[1] for row in rows], [row[2] for row in rows], [row[6] for row in rows])


def write_device_health(
    connection: psycopg.Connection[Row], stats: DeviceStats, known: Known, health: DeviceHealth, now: datetime
) -> int:
    """Write the rows that changed; their number."""
    memory, words = stats.of(known.duty.vehicle), health.words()
    params: dict[str, Any] = {
        "vehicle_id": known.duty.vehicle.tolist(),
        "source": known.source,
        "vehicle": known.name,
        "last_fix_at": _moments(health.last_us),
        "last_received_at": _moments(memory["last_received_us"]),
        "agreed_cadence_s": _numbers(known.duty.cadence_s),
        "cadence_s": _numbers(health.cadence_s),
        "clock_skew_s": _numbers(health.clock_skew_s),
        "overdue_s": _numbers(health.overdue_s),
        "reasons": [",".join(row) for row in words],
        "reasons_ja": ["、".join(word.ja for word in row) for row in words],
        "is_called_out": known.duty.is_called_out.tolist(),
        "is_synthetic": known.is_synthetic,
        "memory": [one.tobytes() for one in memory],
        "memory_version": MEMORY_VERSION,
        "recorded_at": now,
    }
    return connection.execute(read_sql("geo", "queries/write_device_health"), params).rowcount


def read_device_health(connection: psycopg.Connection[Row]) -> list[DeviceRow]:
    """The health of every device as it was last written, by source and name."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(read_sql("geo", "queries/read_device_health")).fetchall()
    return [DeviceRow(**row | {"reasons": [DeviceReason(word) for word in row["reasons"]]}) for row in rows]


def _moments(at_us: Ints) -> list[datetime | None]:
    return [None if us == NEVER else from_us(us) for us in at_us.tolist()]


def _numbers(values: Floats) -> list[float | None]:
    return [None if np.isnan(value) else value for value in values.tolist()]
