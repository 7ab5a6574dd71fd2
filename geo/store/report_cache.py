"""ops.daily_report: the reports of the last days, kept for publishing. Only what changed is worked out and written."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from psycopg.types.json import Jsonb

from geo.db import Database, Role, Row, read_sql
from geo.report_days import day_span, local_day
from geo.store.reports import REACH_US, Ask, Report, ReportRules, read_reports
from geo.timeline import to_us
from geo.work import PASS

#: Raise it when the same facts would make another document.
REPORT_VERSION = 1
#: A fact carries the time at which its transaction began; one that began so long before the last run may be new.
LONGEST_WRITE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class CacheReport:
    """What one run did: days looked at, reports written, reports taken away."""

    n_days: int
    n_written: int
    n_gone: int


def refresh_reports(database: Database, rules: ReportRules, as_of: datetime) -> CacheReport:
    """Bring the reports of the last days up to date, as yuki_engine, one transaction a day.

    Safe to run at any time; without news it writes nothing. The mark is moved last, so that a run that was stopped is
    made good by the next one.
    """
    today = local_day(to_us(as_of), rules.zone)
    first = today - timedelta(days=rules.settings.days - 1)
    with database.connect(Role.ENGINE) as connection:
        began, key, todo = _todo(connection, rules, first, today)
    n_written = n_gone = 0
    for day, vehicle_ids in sorted(todo.items()):
        with database.connect(Role.ENGINE) as connection:
            connection.execute(read_sql("geo", "queries/lock_stage"), {"stage": "reports"})
            written, gone = _refresh_day(connection, rules, day, vehicle_ids)
        n_written, n_gone = n_written + written, n_gone + gone
    with database.connect(Role.ENGINE) as connection:
        n_gone += connection.execute(
            read_sql("geo", "queries/delete_reports"), {"report_ids": [], "before": first}
        ).rowcount
        connection.execute(read_sql("geo", "queries/write_report_mark"), {"received_at": began, "key": key})
    return CacheReport(len(todo), n_written, n_gone)


def _todo(
    connection: psycopg.Connection[Row], rules: ReportRules, first: date, last: date
) -> tuple[datetime, str, dict[date, tuple[int, ...]]]:
    """The moment of this look, the key of what reports rest on, and the vehicles to look at by day."""
    row = connection.execute(read_sql("geo", "queries/report_basis")).fetchone()
    moment = connection.execute(read_sql("geo", "queries/transaction_moment")).fetchone()
    assert row is not None
    assert moment is not None
    settings = rules.settings.model_dump(mode="json", exclude={"refresh_min"})
    said = json.dumps([REPORT_VERSION, settings, rules.zone, rules.shift_gap_s, row[0]], sort_keys=True)
    key = hashlib.sha256(said.encode()).hexdigest()
    mark = connection.execute(read_sql("geo", "queries/read_report_mark")).fetchone()
    is_known = mark is not None and mark[0] is not None and mark[1] == key
    since = (mark[0] - LONGEST_WRITE).isoformat() if mark is not None and is_known else "-infinity"
    changed = connection.execute(read_sql("geo", "queries/read_report_changes"), {"since": since}).fetchall()
    found: dict[date, set[int]] = {}
    low, high = day_span(first, rules.zone)[0], day_span(last, rules.zone)[1] - 1
    for vehicle, from_at, to_at in changed:
        begins, ends = max(to_us(from_at) - REACH_US, low), min(to_us(to_at) + REACH_US, high)
        if begins > ends:
            continue
        day, end = local_day(begins, rules.zone), local_day(ends, rules.zone)
        while day <= end:
            found.setdefault(day, set()).add(vehicle)
            day += timedelta(days=1)
    return moment[0], key, {day: tuple(sorted(ids)) for day, ids in found.items()}


def _refresh_day(
    connection: psycopg.Connection[Row], rules: ReportRules, day: date, vehicle_ids: tuple[int, ...]
) -> tuple[int, int]:
    reports = read_reports(connection, rules, Ask(day, day, None, vehicle_ids))
    asked = {"day": day, "vehicle_ids": list(vehicle_ids)}
    rows = connection.execute(read_sql("geo", "queries/read_report_keys"), asked).fetchall()
    held = {row[0]: bytes(row[1]) for row in rows}
    wanted = [(report, _key(report)) for report in reports]
    fresh = [_row(report, key) for report, key in wanted if held.get(report.document["report_id"]) != key]
    gone = sorted(held.keys() - {report.document["report_id"] for report in reports})
    with connection.cursor() as cursor:
        cursor.executemany(read_sql("geo", "queries/write_report"), fresh)
    if gone:
        connection.execute(read_sql("geo", "queries/delete_reports"), {"report_ids": gone, "before": date.min})
    return len(fresh), len(gone)


def _key(report: Report) -> bytes:
    return hashlib.sha256(json.dumps(report.document, sort_keys=True).encode()).digest()


def _row(report: Report, key: bytes) -> dict[str, Any]:
    one = report.document
    head = ("source", "vehicle", "machine", "machine_class", "contractor", "contractor_basis", "started_at", "ended_at")
    evidence = ("n_facts", "first_fix_at", "last_fix_at", "is_provisional", "is_evidence_expired")
    totals = {name: one[name] for name in head} | one["totals"] | one["pay_totals"]
    totals |= {name: one["evidence"][name] for name in evidence}
    totals |= {"n_trips": len(one["trips"]), "n_corrections": len(one["corrections"])}
    return {
        "report_id": one["report_id"], "day": date.fromisoformat(one["day"]), "vehicle_id": one["vehicle_id"],
        "totals": Jsonb(totals), "detail": Jsonb(one), "content_key": key, "is_synthetic": one["synthetic"],
        "piece_ids": np.unique(report.edge_id[report.kind == PASS] >> 1).tolist(),
    }  # fmt: skip
