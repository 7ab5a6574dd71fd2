"""What of raw.fix is not there any more, and what matching may not conclude from that.

Old days of raw.fix move to the archive; later the archive deletes them. Facts stay. A stage that cleans and matches
again what lies around new fixes would take missing fixes for fixes that never were, and supersede good facts: so its
windows are cut to where raw.fix is complete, and a vehicle whose new fixes touch a lacking span waits until
`yukimichi retention` has restored those days. Facts whose evidence was deleted are never superseded.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np
import psycopg

from geo.db import Row, read_sql
from geo.store.bulk import FOREVER, NEVER
from geo.store.fixes import Touched, Windows
from geo.timeline import to_us


def archived_before(connection: psycopg.Connection[Row]) -> datetime | None:
    """The moment before which raw.fix is not complete; None while nothing was moved to the archive."""
    row = connection.execute(read_sql("geo", "queries/archived_before")).fetchone()
    return row[0] if row else None


def cut_windows(
    connection: psycopg.Connection[Row], windows: Windows, touched: Sequence[Touched], max_gap_s: float
) -> Windows:
    """Windows of `read_windows` cut to where raw.fix is complete; vehicles that have to wait are left out.

    windows    one a vehicle of touched
    touched    the spans of the new fixes
    max_gap_s  silence that ends a trace
    Windows that reach nothing archived come back as they are, after one look at a small table.
    """
    mark = archived_before(connection)
    if mark is None or not len(windows.vehicle):
        return windows
    reaches = windows.from_us < to_us(mark)
    ids = set(windows.vehicle[reaches].tolist())
    cut = _cut(connection, [one for one in touched if one.vehicle_id in ids], max_gap_s)
    keeps = ~reaches
    vehicle = np.concatenate([windows.vehicle[keeps], cut.vehicle])
    order = np.argsort(vehicle, kind="stable")
    from_us = np.concatenate([windows.from_us[keeps], cut.from_us])[order]
    return Windows(vehicle[order], from_us, np.concatenate([windows.to_us[keeps], cut.to_us])[order])


def _cut(connection: psycopg.Connection[Row], touched: list[Touched], max_gap_s: float) -> Windows:
    params = {
        "vehicle_ids": [one.vehicle_id for one in touched],
        "from_ats": [one.from_at for one in touched],
        "to_ats": [one.to_at for one in touched],
        "gap": timedelta(seconds=max_gap_s),
    }
    rows = connection.execute(read_sql("geo", "queries/cut_windows"), params).fetchall() if touched else []
    return Windows(
        np.array([row[0] for row in rows], np.int64),
        np.array([NEVER if row[1] is None else to_us(row[1]) for row in rows], np.int64),
        np.array([FOREVER if row[2] is None else to_us(row[2]) for row in rows], np.int64),
    )


def mark_expired(connection: psycopg.Connection[Row], day: date, vehicle_ids: Sequence[int]) -> int:
    """Say that the fixes of vehicles on a UTC day are deleted, as yuki_engine; how many are new."""
    params = {"day": day, "vehicle_ids": list(vehicle_ids)}
    return connection.execute(read_sql("geo", "queries/mark_evidence_expired"), params).rowcount


def is_expired(connection: psycopg.Connection[Row], pass_ids: Sequence[int]) -> dict[int, bool]:
    """Whether the evidence of each fact was deleted, by pass_id; ids that are no fact are left out."""
    rows = connection.execute(read_sql("geo", "queries/is_expired"), {"pass_ids": list(pass_ids)}).fetchall()
    return {int(pass_id): bool(expired) for pass_id, expired in rows}
