"""The document around daily reports: whose, of when, their sums, and what the words mean. The server needs no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from geo.report_sheet import Document
from geo.settings import Settings
from geo.store.report_issues import Issue
from yukimichi.reports.words import definitions


def envelope(
    settings: Settings, head: dict[str, Any], documents: Sequence[Document], at: datetime, known_at: datetime | None,
    issue: Issue | None,
) -> Document:  # fmt: skip
    """The document around the reports of a day, as JSON holds it."""
    event = head["event"]
    return {
        "day": head["day"].isoformat(),
        "timezone": settings.timezone,
        "contractor": head["contractor"],
        "vehicle": head["vehicle"],
        "event": event and {key: _text(value) for key, value in event.items()},
        "made_at": _text(at),
        "known_at": _text(known_at),
        "issue": issue and {key: _text(value) for key, value in asdict(issue).items()},
        "confidence_min": settings.reports.confidence_min,
        "synthetic": any(one["synthetic"] for one in documents),
        "is_provisional": any(one["evidence"]["is_provisional"] for one in documents),
        "sums": sums_of(documents),
        "definitions": definitions(settings.reports),
        "reports": list(documents),
    }


def _text(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def sums_of(documents: Sequence[Document]) -> dict[str, Any]:
    """Sums over all reports; an amount is None where not one report has one."""
    totals: dict[str, Any] = {"n_reports": len(documents)}
    for one in documents:
        for name, value in one["totals"].items():
            totals[name] = round(totals.get(name, 0) + value, 6)
    for name in ("amount_yen", "flagged_yen", "original_yen"):
        known = [one["pay_totals"][name] for one in documents if one["pay_totals"][name] is not None]
        totals[name] = sum(known) if known else None
    totals["n_unpriced"] = sum(one["pay_totals"]["n_unpriced"] for one in documents)
    return totals
