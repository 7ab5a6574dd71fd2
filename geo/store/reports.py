"""Daily reports from the facts, as yuki_engine: read → cut → told apart → documents. Nothing is written here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from geo.db import Row, read_sql
from geo.holidays import FIRST_YEAR, LAST_YEAR, DayKind, day_kind
from geo.report import Corrections, Stretches, corrected, cut, stretches_of, with_trips
from geo.report_days import borders_of, day_span
from geo.report_party import Claim, parties_of
from geo.report_sheet import Document, Place, Terms, Worksheet, documents_of, iso
from geo.settings_reports import ReportSettings
from geo.store.report_input import (
    ReportInput,
    Window,
    read_claims,
    read_corrections,
    read_input,
    read_names,
    read_prices,
)
from geo.timeline import to_us
from geo.work import BASES, PASS

type Ints = NDArray[np.int64]

#: A trip that began earlier before the day, or goes on longer after it, is told from here on, microseconds.
REACH_US = 12 * 3_600_000_000
NOWHERE = Place(None, None, None)


@dataclass(frozen=True, slots=True)
class ReportRules:
    """The settings that reports need: their part, the local zone, and the silence that ends a trip."""

    settings: ReportSettings
    zone: str
    shift_gap_s: float

    def kind_of_day(self, day: date) -> DayKind | None:
        """The kind of a local day; None for a year whose national holidays are not known."""
        has_national = self.settings.calendar == "japan"
        if has_national and not FIRST_YEAR <= day.year <= LAST_YEAR:
            return None
        return day_kind(day, self.settings.holidays, has_national=has_national)


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked: local days, both inclusive; as known at (None: now); of some vehicles (None: all).

    within_us: only time inside of it counts, such as that of an event; None: the whole days
    """

    first: date
    last: date
    known_at: datetime | None = None
    vehicle_ids: tuple[int, ...] | None = None
    within_us: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A document, and the stretches and edges behind it: (n,) kinds as they hold now, edge ids, from and to metres."""

    document: Document
    edge_id: Ints
    from_m: NDArray[np.float64]
    to_m: NDArray[np.float64]
    kind: NDArray[np.int8]


def read_reports(connection: psycopg.Connection[Row], rules: ReportRules, ask: Ask) -> list[Report]:
    """A report for each vehicle, contractor and local day that has facts or traces, by day and vehicle."""
    zone, names_sources = rules.zone, read_names(connection)
    span = day_span(ask.first, zone)[0], day_span(ask.last, zone)[1]
    window = Window(span[0] - REACH_US, span[1] + REACH_US, ask.known_at, ask.vehicle_ids)
    given = read_input(connection, window)
    if not len(given.traces.vehicle):
        return []
    claims = read_claims(connection, window)
    corrections, correction_rows = read_corrections(connection, window)
    low, high = ask.within_us or span
    sheet = _worksheet(connection, rules, ask, given, claims, corrections, (max(low, span[0]), min(high, span[1])),
                       names_sources[1])  # fmt: skip
    terms = Terms(
        rules.settings.band_names, rules.kind_of_day, partial(day_span, zone=zone), frozenset(rules.settings.paid),
        read_prices(connection, rules.settings, ask.known_at),
    )  # fmt: skip
    expired = _expired(connection, window)
    found = []
    for document, at in documents_of(sheet, names_sources[0], terms):
        document["corrections"] = _corrections_of(document, correction_rows)
        document["evidence"] = _evidence(given, sheet.rows.take(at), document["vehicle_id"], expired)
        found.append(_report(document, given, sheet, at))
    return found


def _worksheet(
    connection: psycopg.Connection[Row], rules: ReportRules, ask: Ask, given: ReportInput, claims: Sequence[Claim],
    corrections: Corrections, span: tuple[int, int], sources: dict[int, str],
) -> Worksheet:  # fmt: skip
    """The stretches of the span with all that reports tell them apart by."""
    rows, start, end = with_trips(stretches_of(given.traces, given.facts), given.facts, rules.shift_gap_s)
    borders = borders_of(ask.first, ask.last, rules.settings.starts_min, rules.zone)
    ends = [us for claim in claims for us in (claim.from_us, claim.to_us)]
    cuts = np.unique(
        np.concatenate([borders.at_us, ends, corrections.from_us, corrections.to_us, span]).astype(np.int64)
    )
    rows = cut(rows.take((rows.ended_us >= span[0]) & (rows.began_us < span[1])), cuts)
    rows = rows.take((rows.began_us >= span[0]) & (rows.began_us < span[1])
                     & ((rows.ended_us > span[0]) | (rows.began_us == rows.ended_us)))  # fmt: skip
    kind, treatment, by = corrected(rows, corrections)
    places, area = _places(connection, given, rows)
    parties, party = parties_of(rows, places, area, claims, sources)
    at = np.searchsorted(borders.at_us, rows.began_us, side="right") - 1
    confidence = given.facts.confidence[rows.fact] if len(given.facts.confidence) else np.zeros(len(rows))
    flagged = (kind == PASS) & (by < 0) & (confidence < rules.settings.confidence_min)
    ids = np.append(corrections.correction_id, -1)
    return Worksheet(
        rows, borders.day[at], borders.band[at], kind, treatment, ids[by], party,
        np.where(area < 0, len(places) - 1, area), flagged, np.stack([start, end], axis=1), parties, places,
    )  # fmt: skip


def _places(connection: psycopg.Connection[Row], given: ReportInput, rows: Stretches) -> tuple[list[Place], Ints]:
    """The places, nowhere last, and (N,) which one each stretch lies in; -1: standing."""
    fact = np.unique(rows.fact[rows.fact >= 0])
    edge_ids = np.unique(given.facts.edge_id[fact])
    found = connection.execute(read_sql("geo", "queries/read_report_edges"), {"edge_ids": edge_ids.tolist()}).fetchall()
    codes: dict[Place, int] = {}
    code = np.full(len(edge_ids) + 1, -1, np.int64)
    at = np.searchsorted(edge_ids, np.array([row[0] for row in found], np.int64))
    code[at] = [codes.setdefault(Place(*row[1:]), len(codes)) for row in found]
    own = rows.fact >= 0
    area = np.full(len(rows), -1, np.int64)
    area[own] = code[np.searchsorted(edge_ids, given.facts.edge_id[rows.fact[own]])]
    return [*codes, NOWHERE], area


def _expired(connection: psycopg.Connection[Row], window: Window) -> dict[int, list[tuple[int, int]]]:
    spans: dict[int, list[tuple[int, int]]] = {}
    rows = connection.execute(read_sql("geo", "queries/read_expired_evidence"), window.params()).fetchall()
    for vehicle, lower, upper in rows:
        spans.setdefault(vehicle, []).append((to_us(lower), to_us(upper)))
    return spans


def _evidence(
    given: ReportInput, rows: Stretches, vehicle: int, expired: dict[int, list[tuple[int, int]]]
) -> dict[str, Any]:
    """What a report rests on: ids of its facts, their fixes, versions, and whether they can be worked out again."""
    fact, own = np.unique(rows.fact[rows.fact >= 0]), given.evidence
    traces = np.unique(rows.trace)
    first, last = int(given.traces.began_us[traces].min()), int(given.traces.ended_us[traces].max())
    if len(fact):
        first, last = int(own["first_fix_us"][fact].min()), int(own["last_fix_us"][fact].max())
    ids, bases = own["pass_id"][fact], own["work_basis"][fact]
    return {
        "n_facts": len(fact), "first_fact_id": int(ids.min()) if len(fact) else None,
        "last_fact_id": int(ids.max()) if len(fact) else None, "n_traces": len(traces),
        "first_fix_at": iso(first), "last_fix_at": iso(last), "n_fixes": int(own["n_fixes"][fact].sum()),
        "matcher_versions": sorted({given.matcher[i] for i in traces.tolist() if given.matcher[i]}),
        "network_versions": sorted({int(v) for v in own["network_version"][fact]}),
        "work_bases": sorted({BASES[b].value for b in bases.tolist()}),
        "is_provisional": bool(own["is_provisional"][fact].any()),
        "is_evidence_expired": any(low <= last and first < high for low, high in expired.get(vehicle, [])),
    }  # fmt: skip


def _corrections_of(document: Document, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The corrections that changed something in a report."""
    used = {line["correction_id"] for line in document["lines"]}
    return [
        {key: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
         for key, value in row.items() if key != "vehicle_id"}
        for row in rows if row["correction_id"] in used
    ]  # fmt: skip


def _report(document: Document, given: ReportInput, sheet: Worksheet, at: Ints) -> Report:
    at = at[sheet.rows.fact[at] >= 0]
    fact = sheet.rows.fact[at]
    return Report(
        document, given.facts.edge_id[fact], given.evidence["from_m"][fact], given.evidence["to_m"][fact],
        sheet.kind[at],
    )  # fmt: skip


def within(ask: Ask, low: datetime, high: datetime | None) -> Ask:
    """The same, where only time of an event counts."""
    return replace(ask, within_us=(to_us(low), to_us(high) if high else np.iinfo(np.int64).max))
