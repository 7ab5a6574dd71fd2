"""The figures of the accuracy page: rates with their intervals, and nothing that few people stand behind. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt
from typing import Any

from layers.columns_disputes import Decision, StateSeen

#: Counts below it are told as "fewer than 5".
K = 5
#: 97.5 % quantile of the normal distribution, for an interval of 95 %.
Z = 1.959964
EDGE_HOURS = 100_000
#: Decisions that the rate counts; a duplicate says nothing that another report does not say.
COUNTED = (Decision.ACCEPTED, Decision.REJECTED, Decision.UNCLEAR)
#: Shares of planned metres by the age of the last observation, and by state.
AGES = ("under_1h", "under_3h", "under_6h", "under_12h", "older", "none")
STATES = ("cleared", "clearing", "uncleared", "unknown")


@dataclass(frozen=True, slots=True)
class Counts:
    """How many reports came, how many of them count as decided, and how many of these were accepted."""

    reports: int
    decided: int
    accepted: int

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.reports + other.reports, self.decided + other.decided, self.accepted + other.accepted)


def wilson(n_hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share after Wilson (J. Am. Stat. Assoc. 22, 1927, p. 209); (0, 1) where n is 0."""
    if n == 0:
        return 0.0, 1.0
    share, scale = n_hits / n, 1 + Z * Z / n
    middle = (share + Z * Z / (2 * n)) / scale
    half = Z / scale * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def banded(counts: Sequence[int]) -> list[int | None]:
    """Counts of parts of a whole; None: fewer than K. One that the others would tell takes the next smallest along."""
    told: list[int | None] = [count if count >= K else None for count in counts]
    if told.count(None) == 1 and len(told) > 1:
        least = min((i for i, count in enumerate(told) if count is not None), key=lambda i: counts[i])
        told[least] = None
    return told


def rate_of(counts: Counts) -> dict[str, Any]:
    """The share of accepted among decided reports.

    rate None: fewer than K were decided, or accepted; in the second case rate_at_most bounds it.
    """
    told: dict[str, Any] = {"rate": None, "rate_low": None, "rate_high": None, "rate_at_most": None}
    if counts.decided < K:
        return told
    if counts.accepted < K:
        return told | {"rate_at_most": round((K - 1) / counts.decided, 4)}
    low, high = wilson(counts.accepted, counts.decided)
    rounded = (round(value, 4) for value in (counts.accepted / counts.decided, low, high))
    return told | dict(zip(("rate", "rate_low", "rate_high"), rounded, strict=True))


def _counts(rows: Iterable[Mapping[str, Any]]) -> Counts:
    total = Counts(0, 0, 0)
    for row in rows:
        is_counted, n = row["decision"] in COUNTED, int(row["n"])
        total += Counts(n, n * is_counted, n * (row["decision"] == Decision.ACCEPTED))
    return total


def _told(counts: Counts) -> dict[str, Any]:
    names = ("reports", "decided", "accepted")
    given = (counts.reports, counts.decided, counts.accepted)
    return {name: n if n >= K else None for name, n in zip(names, given, strict=True)} | rate_of(counts)


def _shares(hours: Mapping[str, Any] | None, names: Sequence[str]) -> dict[str, float] | None:
    """Shares of the planned metres, summed over hours; None: no hour with an event, or no plan."""
    if hours is None or not hours["planned_m"]:
        return None
    return {name: round(float(hours[f"{name}_m"]) / float(hours["planned_m"]), 4) for name in names}


def _week(monday: date, today: date, counts: Counts, hours: Mapping[str, Any] | None) -> dict[str, Any]:
    edge_hours = int(hours["told_edge_hours"]) if hours else 0
    per_hours = None
    if counts.accepted >= K and edge_hours:
        per_hours = round(counts.accepted * EDGE_HOURS / edge_hours, 3)
    return {
        "week": monday.isoformat(), "is_running": monday <= today < monday + timedelta(days=7), **_told(counts),
        "hours": int(hours["n_hours"]) if hours else 0, "event_hours": int(hours["n_event_hours"]) if hours else 0,
        "told_edge_hours": edge_hours, "accepted_per_100000_edge_hours": per_hours,
        "states": _shares(hours, STATES), "evidence_age": _shares(hours, AGES),
    }  # fmt: skip


def _by_state(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """By what was seen, over all weeks; a part that can be worked out from the others is not told."""
    found = [_counts(row for row in rows if row["state_seen"] == word) for word in StateSeen]
    reports, decided, accepted = (
        banded([getattr(counts, name) for counts in found]) for name in ("reports", "decided", "accepted")
    )
    told = []
    for i, word in enumerate(StateSeen):
        parts = {"reports": reports[i], "decided": decided[i], "accepted": accepted[i]}
        is_whole = decided[i] is not None and accepted[i] is not None
        rate = rate_of(found[i]) if is_whole else rate_of(Counts(0, 0, 0))
        told.append({"state_seen": word.value, **parts, **rate})
    return told


def weeks_of(today: date, n_weeks: int) -> list[date]:
    """The Mondays of the last weeks, this one last."""
    monday = today - timedelta(days=today.weekday())
    return [monday - timedelta(weeks=i) for i in reversed(range(n_weeks))]


def figures(
    today: date, n_weeks: int, disputes: Sequence[Mapping[str, Any]], hours: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What the accuracy page tells: weeks with the oldest first, all of them together, and what was seen in them."""
    mondays = weeks_of(today, n_weeks)
    rows = [row for row in disputes if row["week"] >= mondays[0]]
    by_week = {row["week"]: row for row in hours}
    weeks = [
        _week(monday, today, _counts(row for row in rows if row["week"] == monday), by_week.get(monday))
        for monday in mondays
    ]
    return {
        "k": K,
        "interval": "Wilson, 95 %",
        "weeks": weeks,
        "all_weeks": _told(_counts(rows)),
        "by_state_seen": _by_state(rows),
        "synthetic": any(row["synthetic"] for row in [*rows, *hours]),
    }
