"""The report on the level of service as lines for people: one table, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from geo.vocabulary import ServiceState
from yukimichi.service_report import ServiceReport

#: Rows shown of a long table; all of them are in --json and --csv.
MOST_ROWS = 40
#: States of a group from the worst on, as columns of shares.
_COLUMNS = (
    ServiceState.MISSED, ServiceState.AT_RISK, ServiceState.UNKNOWN, ServiceState.LATE, ServiceState.PENDING,
    ServiceState.ACHIEVED,
)  # fmt: skip


def lines(found: ServiceReport) -> Iterator[str]:
    """The report for people, in both languages."""
    event = found.event
    yield f"除雪水準 level of service: {event['name']} ({event['kind']} {event['event_id']})"
    yield f"  {event['reference_at']} – {found.as_of.isoformat(timespec='seconds')}"
    if found.whole["synthetic"]:
        yield "  合成データ synthetic: made by the simulator, not observed"
    if found.by in ("edge", "plan"):
        yield from _listed(found)
        return
    yield f"{'km':>10} " + " ".join(f"{state:>9}" for state in _COLUMNS) + "  name"
    yield f"{'':>10} " + " ".join(f"{_wide(state.ja, 9)}" for state in _COLUMNS)
    yield _sums(found.whole)
    for row in sorted(found.rows, key=_badness)[:MOST_ROWS]:
        yield _sums(row)
    yield from _rest(len(found.rows))


def _sums(row: Mapping[str, object]) -> str:
    shares = " ".join(f"{_percent(row[f'{state}_share']):>9}" for state in _COLUMNS)
    name = row["name"] if row["name"] == row["label"] else f"{row['name']} {row['label']}"
    late = "" if row["late_worst_min"] is None else f", at worst {row['late_worst_min']} min late 最大遅れ"
    target = "" if row["target_at"] is None else f", target 目標 {row['target_at']}"
    return f"{_number(row['length_m']) / 1000:>10,.1f} {shares}  {name}: {row['state_ja']}{target}{late}"


def _listed(found: ServiceReport) -> Iterator[str]:
    for row in found.rows[:MOST_ROWS]:
        told = (f"{key} {value}" for key, value in row.items() if value is not None and key != "synthetic")
        yield "  " + ", ".join(told)
    yield from _rest(len(found.rows))


def _rest(n: int) -> Iterator[str]:
    if n > MOST_ROWS:
        yield f"… and {n - MOST_ROWS:,} more 他{n - MOST_ROWS:,}件; --json or --csv FILE has all"


def _badness(row: Mapping[str, object]) -> tuple[float, ...]:
    """Sorts the worst first."""
    return tuple(-_number(row[f"{state}_share"]) for state in _COLUMNS)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _percent(value: object) -> str:
    return "–" if value is None else f"{100 * _number(value):.1f} %"


def _wide(text: str, columns: int) -> str:
    """Japanese characters take two columns each."""
    return " " * max(columns - 2 * len(text), 0) + text
