"""A daily report as a document: one of each vehicle, contractor and local day, ready to be stored and printed.

Documents hold what JSON holds: moments as ISO 8601 in UTC, seconds with six digits, metres with three, yen whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.fix import TREATMENTS
from geo.holidays import DayKind
from geo.pay import Asked, PriceTable, amount_yen
from geo.report import SPAN_KINDS, STANDING, Stretches, grouped
from geo.timeline import from_us
from geo.work import DEADHEAD, PASS, UNKNOWN

type Ints = NDArray[np.int64]
type Document = dict[str, Any]

KIND_NAMES = tuple(word.value for word in SPAN_KINDS)


class Party(NamedTuple):
    """Who works with what. basis: how the contractor is known; contractor None: nobody is."""

    contractor: str | None
    basis: str
    machine: str | None
    machine_class: str | None


class Place(NamedTuple):
    """Where work counts: plough route 除雪路線, work section 工区 and line of road 路線; None: none holds the edge."""

    route_id: str | None
    section_id: str | None
    road: str | None


class VehicleName(NamedTuple):
    """A vehicle as its source names it."""

    source: str
    vehicle: str
    is_synthetic: bool


@dataclass(frozen=True, slots=True)
class Worksheet:
    """Stretches with everything that a report tells them apart by, (N,) each.

    day        ordinal of the local day;  band: position among the bands
    kind, treatment   as they hold now (geo.report.corrected); rows has those of the facts
    correction        id of the correction; -1: none
    party, place                  positions in parties and places
    is_flagged                    work that is less sure than the limit
    trip_us                       (K, 2) begin and end of each trip
    """

    rows: Stretches
    day: Ints
    band: Ints
    kind: NDArray[np.int8]
    treatment: NDArray[np.int8]
    correction: Ints
    party: Ints
    place: Ints
    is_flagged: NDArray[np.bool_]
    trip_us: Ints
    parties: Sequence[Party]
    places: Sequence[Place]


@dataclass(frozen=True, slots=True)
class Terms:
    """What the figures mean: names of the bands, the kind of a day, what is paid, and prices."""

    band_names: Sequence[str]
    kind_of_day: Callable[[date], DayKind | None]
    day_span_us: Callable[[date], tuple[int, int]]
    paid: frozenset[str]
    prices: PriceTable


def iso(at_us: int) -> str:
    """A moment as ISO 8601 in UTC."""
    return from_us(at_us).isoformat().replace("+00:00", "Z")


def report_id(day: date, vehicle_id: int, contractor: str | None) -> str:
    """Stable id of a report: its day, its vehicle, and who is paid."""
    payee = hashlib.sha256((contractor or "").encode()).hexdigest()[:8]
    return f"{day:%Y%m%d}-{vehicle_id}-{payee}"


def documents_of(sheet: Worksheet, names: dict[int, VehicleName], terms: Terms) -> list[tuple[Document, Ints]]:
    """A document for each vehicle, local day and party, with the positions of its stretches; sorted by day and vehicle.

    Several machines or machine classes of one contractor on one vehicle and day are several documents with one id less
    the number behind it.
    """
    if not len(sheet.rows):
        return []
    keys, _, group = grouped({"day": sheet.day, "vehicle": sheet.rows.vehicle, "party": sheet.party}, {})
    order = np.argsort(group, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(group))[:-1])
    found: list[tuple[Document, Ints]] = []
    seen: dict[str, int] = {}
    for i, at in enumerate(parts):
        day, vehicle = date.fromordinal(int(keys["day"][i])), int(keys["vehicle"][i])
        party = sheet.parties[int(keys["party"][i])]
        document = _document(sheet, at, day, party, terms)
        own = report_id(day, vehicle, party.contractor)
        seen[own] = seen.get(own, 0) + 1
        name = names[vehicle]
        head = {
            "report_id": own if seen[own] == 1 else f"{own}-{seen[own]}", "day": day.isoformat(),
            "day_kind": terms.kind_of_day(day), "vehicle_id": vehicle, "source": name.source,
            "vehicle": name.vehicle, "machine": party.machine, "machine_class": party.machine_class,
            "contractor": party.contractor, "contractor_basis": party.basis, "synthetic": name.is_synthetic,
        }  # fmt: skip
        found.append((head | document, at))
    return found


def _document(sheet: Worksheet, at: Ints, day: date, party: Party, terms: Terms) -> Document:
    lines = _lines(sheet, at, terms)
    trips = _trips(sheet, at, terms.day_span_us(day))
    pay = pay_lines(lines, party, day, terms, "")
    before = (
        pay_lines(lines, party, day, terms, "original_")
        if any(line["correction_id"] is not None for line in lines)
        else pay
    )
    return {
        "started_at": min(trip["started_at"] for trip in trips),
        "ended_at": max(trip["ended_at"] for trip in trips),
        "totals": _totals(sheet, at, sheet.kind),
        "original": _totals(sheet, at, sheet.rows.kind),
        "trips": trips,
        "lines": lines,
        "pay": pay,
        "pay_totals": pay_totals(pay) | {"original_yen": pay_totals(before)["amount_yen"]},
    }


def _totals(sheet: Worksheet, at: Ints, kind: NDArray[np.int8]) -> Document:
    """Seconds and metres by kind. trace_s is their sum; flagged and untimed are parts of the others."""
    rows, own = sheet.rows, kind[at]
    took, length_m = (rows.ended_us - rows.began_us)[at], rows.length_m[at]
    seconds = {k: int(took[own == k].sum()) / 1e6 for k in (PASS, DEADHEAD, UNKNOWN, STANDING)}
    metres = {k: round(float(length_m[own == k].sum()), 3) for k in (PASS, DEADHEAD, UNKNOWN)}
    flagged = sheet.is_flagged[at] & (own == PASS)
    return {
        "trace_s": int(took.sum()) / 1e6, "work_s": seconds[PASS], "deadhead_s": seconds[DEADHEAD],
        "unknown_s": seconds[UNKNOWN], "standing_s": seconds[STANDING], "flagged_s": int(took[flagged].sum()) / 1e6,
        "driven_m": round(float(length_m.sum()), 3), "work_m": metres[PASS], "deadhead_m": metres[DEADHEAD],
        "unknown_m": metres[UNKNOWN], "flagged_m": round(float(length_m[flagged].sum()), 3),
        "untimed_m": round(float(length_m[~rows.is_timed[at]].sum()), 3),
    }  # fmt: skip


def _lines(sheet: Worksheet, at: Ints, terms: Terms) -> list[Document]:
    """Seconds and metres by place, work, band and trip. seconds None: no time is known."""
    rows = sheet.rows
    keys: dict[str, NDArray[Any]] = {
        "trip": rows.trip[at], "place": sheet.place[at], "kind": sheet.kind[at], "treatment": sheet.treatment[at],
        "band": sheet.band[at], "flagged": sheet.is_flagged[at], "timed": rows.is_timed[at],
        "original_kind": rows.kind[at], "original_treatment": rows.treatment[at], "correction": sheet.correction[at],
    }  # fmt: skip
    sums = {"us": (rows.ended_us - rows.began_us)[at], "m": rows.length_m[at]}
    found, added, _ = grouped(keys, sums)
    number = {int(trip): n for n, trip in enumerate(np.unique(rows.trip[at]), 1)}
    lines = []
    columns = [values.tolist() for values in [*found.values(), *added.values()]]
    for trip, place, kind, treatment, band, flagged, timed, kind0, treatment0, by, us, m in zip(*columns, strict=True):
        lines.append({
            "trip": number[trip], **sheet.places[place]._asdict(),
            "kind": KIND_NAMES[kind], "treatment": _treatment(treatment), "band": terms.band_names[band],
            "is_flagged": bool(flagged), "seconds": us / 1e6 if timed else None, "metres": round(m, 3),
            "original_kind": KIND_NAMES[kind0], "original_treatment": _treatment(treatment0),
            "correction_id": by if by >= 0 else None,
        })  # fmt: skip
    return lines


def _treatment(code: int) -> str | None:
    return None if code < 0 else str(TREATMENTS[code])


def _trips(sheet: Worksheet, at: Ints, day_us: tuple[int, int]) -> list[Document]:
    """The trips of a report. unheard_s: time of the trip within the day for which there is no trace."""
    rows, trips = sheet.rows, []
    for n, trip in enumerate(np.unique(rows.trip[at]).tolist(), 1):
        own = at[rows.trip[at] == trip]
        span = sheet.trip_us[trip] if trip >= 0 else (rows.began_us[own].min(), rows.ended_us[own].max())
        began, ended = max(int(span[0]), day_us[0]), min(int(span[1]), day_us[1])
        inside = np.minimum(rows.ended_us[own], ended) - np.maximum(rows.began_us[own], began)
        heard = int(np.maximum(inside, 0).sum())
        trips.append({
            "trip": n, "started_at": iso(began), "ended_at": iso(max(began, ended)),
            "began_before": bool(span[0] < day_us[0]), "goes_on": bool(span[1] > day_us[1]),
            "unheard_s": max(ended - began - heard, 0) / 1e6,
            "work_m": round(float(rows.length_m[own[sheet.kind[own] == PASS]].sum()), 3),
        })  # fmt: skip
    return trips


def pay_lines(lines: Sequence[Document], party: Party, day: date, terms: Terms, prefix: str) -> list[Document]:
    """Paid time by work, band and flag. prefix "original_": as the facts say, without corrections."""
    sums: dict[tuple[str, bool, str, bool], list[float]] = {}
    for line in lines:
        kind = line[prefix + "kind"]
        if kind == KIND_NAMES[STANDING] or (kind not in terms.paid and kind != KIND_NAMES[UNKNOWN]):
            continue
        work = (line[prefix + "treatment"] or "") if kind == KIND_NAMES[PASS] else kind
        key = (work, line["is_flagged"], line["band"], line["seconds"] is None)
        held = sums.setdefault(key, [0, 0.0])
        held[0] += round((line["seconds"] or 0) * 1e6)
        held[1] += line["metres"]
    kind_of_day = terms.kind_of_day(day)
    found = []
    for (work, is_flagged, band, is_untimed), (us, metres) in sorted(sums.items()):
        price, note = None, "no_time" if is_untimed else "unknown_work"
        if not is_untimed and work != KIND_NAMES[UNKNOWN]:
            price, note = None, "no_calendar"
            if kind_of_day is not None:
                asked = Asked(party.contractor, party.machine_class, work or None, band, kind_of_day, day)
                price, note = terms.prices.find(asked)
        found.append({
            "work": work or None, "band": band, "day_kind": kind_of_day, "is_flagged": is_flagged,
            "seconds": None if is_untimed else us / 1e6, "metres": round(metres, 3),
            "yen_per_hour": str(price.yen_per_hour) if price else None,
            "amount_yen": amount_yen(int(us), price.yen_per_hour) if price else None, "note": note,
        })  # fmt: skip
    return found


def pay_totals(pay: Sequence[Document]) -> Document:
    """Sums of the lines that have a price, flagged ones apart; None: not one has. n_unpriced: lines of work without."""
    sure = [line["amount_yen"] for line in pay if line["amount_yen"] is not None and not line["is_flagged"]]
    flagged = [line["amount_yen"] for line in pay if line["amount_yen"] is not None and line["is_flagged"]]
    return {
        "amount_yen": sum(sure) if sure else None,
        "flagged_yen": sum(flagged) if flagged else None,
        "n_unpriced": sum(line["amount_yen"] is None for line in pay),
    }
