"""The report on the level of service in lines for people: worst first, percent, a long table cut and said."""

from __future__ import annotations

from datetime import UTC, datetime

from geo.vocabulary import ServiceState
from yukimichi.service_lines import MOST_ROWS, lines
from yukimichi.service_report import ServiceReport

AT = datetime(2026, 1, 18, 6, tzinfo=UTC)
EVENT: dict[str, object] = {
    "event_id": 3, "kind": "storm", "name": "大雪", "reference_at": "2026-01-17T18:00:00+09:00", "closed_at": None,
}  # fmt: skip


def _row(name: str, **shares: float | None) -> dict[str, object]:
    told: dict[str, object] = {f"{state}_share": shares.get(str(state), 0.0) for state in ServiceState}
    return told | {
        "name": name, "label": name, "state": "missed", "state_ja": "期限超過",
        "target_at": "2026-01-18T07:00:00+09:00",
        "length_m": 12_345.0, "late_worst_min": shares.get("worst"), "synthetic": False,
    }  # fmt: skip


def _report(rows: list[dict[str, object]], by: str = "route") -> list[str]:
    return list(lines(ServiceReport(EVENT, AT, by, _row("all", achieved=1.0), rows)))


def test_the_worst_route_comes_first_with_its_shares() -> None:
    told = _report([_row("R1", achieved=1.0), _row("R2", missed=0.25, worst=12.5)])
    assert told[0] == "除雪水準 level of service: 大雪 (storm 3)"
    first, second = told[-2:]
    assert "R2: 期限超過" in first
    assert "25.0 %" in first
    assert "at worst 12.5 min late" in first
    assert "R1" in second
    assert "100.0 %" in second
    assert "12.3" in second


def test_what_has_no_share_is_a_dash_and_no_zero() -> None:
    told = _report([_row("R1", missed=None, achieved=None)])
    assert told[-1].split()[1] == "–"


def test_a_long_table_is_cut_and_says_so() -> None:
    rows = [_row(f"R{i}") for i in range(MOST_ROWS + 3)]
    told = _report(rows)
    assert told[-1].startswith("… and 3 more")
    assert _report(rows, "edge")[-1] == told[-1]
    assert len(_report(rows[:MOST_ROWS])) == len(told) - 1
