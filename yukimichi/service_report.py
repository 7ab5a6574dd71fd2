"""The report on the level of service: sums by who answers for them, plan against actual, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import datetime

from geo.db import Role
from geo.errors import InputError
from geo.service_level import SERVICE_STATES
from geo.status import NEVER, REASONS
from geo.store.plan_actual import PlannedRow, read_planned
from geo.store.service_areas import event_span
from geo.store.service_level import ServiceAt, read_service
from geo.store.service_sums import KINDS, ServiceRow, service_rows
from geo.timeline import from_us, in_zone
from geo.vocabulary import PlanState, Reason, ServiceState
from yukimichi.context import Context
from yukimichi.pipeline import current_network

#: What rows the report can have: the sums, single edges, and planned passes.
BY = (*KINDS[1:], "edge", "plan")

type Table = list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """The report: the event, the moment, the whole, and rows by what was asked for."""

    event: dict[str, object]
    as_of: datetime
    by: str
    whole: dict[str, object]
    rows: Table


def make_report(
    context: Context,
    by: str,
    event_id: int | None,
    at: datetime | None,
    now: datetime,
    known_at: datetime | None = None,
) -> ServiceReport:
    """Work the report out from facts, as yuki_engine; nothing is written.

    Raises InputError for an unknown `by` and outside of storms and callouts, NotFoundError for an unknown event.
    """
    if by not in BY:
        raise InputError(f"{by!r} is nothing to report by.", hint=f"Use one of {', '.join(BY)}.")
    network = current_network(context.database, context.settings)
    with context.database.connect(Role.ENGINE) as connection:
        span = event_span(connection, event_id, at, now)
        found = read_service(connection, network, context.settings, span, known_at)
        planned = read_planned(connection, context.settings, found, known_at) if by == "plan" else []
    zone = context.settings.timezone
    if by == "plan":
        rows = [_planned(row, zone) for row in planned]
    elif by == "edge":
        rows = edge_rows(found, network.edge_id.tolist(), zone)
    else:
        rows = [_sums(row, zone) for row in service_rows(found, by)]
    event = span.event
    told: dict[str, object] = {
        "event_id": event.event_id, "kind": str(event.kind), "name": event.name,
        "reference_at": _clock(event.reference_at, zone), "closed_at": _clock(span.closed_at, zone),
    }  # fmt: skip
    return ServiceReport(told, in_zone(span.as_of, zone), by, _sums(service_rows(found, "all")[0], zone), rows)


def _clock(moment: datetime | None, zone: str) -> str | None:
    return None if moment is None else in_zone(moment, zone).isoformat(timespec="seconds")


def _round(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _sums(row: ServiceRow, zone: str) -> dict[str, object]:
    told: dict[str, object] = {
        "name": row.name, "label": row.label, "state": row.service_state,
        "state_ja": ServiceState(row.service_state).ja, "callout_at": _clock(row.callout_at, zone),
        "target_at": _clock(row.target_at, zone), "length_m": _round(row.length_m, 1),
    }  # fmt: skip
    told |= {f"{state}_m": _round(metres, 1) for state, metres in row.metres.items()}
    asked = [state for state in ServiceState if state is not ServiceState.NO_TARGET]
    told |= {f"{state}_share": _round(row.share(state), 4) for state in asked}
    told |= {"late_median_min": _round(row.late_median_min, 1), "late_worst_min": _round(row.late_worst_min, 1)}
    return told | {"synthetic": row.is_synthetic}


def _planned(row: PlannedRow, zone: str) -> dict[str, object]:
    return {
        "kind": row.kind, "name": row.area_id, "label": row.name, "treatment": row.treatment,
        "from_at": _clock(row.from_at, zone), "to_at": _clock(row.to_at, zone), "state": row.state,
        "state_ja": PlanState(row.state).ja, "share": _round(row.share, 4),
        "possible_share": _round(row.possible_share, 4), "synthetic": row.is_synthetic,
    }  # fmt: skip


def edge_rows(found: ServiceAt, edge_id: list[int], zone: str) -> Table:
    """One row an edge that a route or a section holds."""
    areas, rows = found.plan.areas, list[dict[str, object]]()
    s, t = found.service, found.targets
    for e in [i for i, (a, b) in enumerate(zip(found.route, found.section, strict=True)) if a >= 0 or b >= 0]:
        state, reason = SERVICE_STATES[s.state[e]], REASONS[s.reason[e]]
        rows.append(
            {
                "edge_id": edge_id[e],
                "route_id": areas[found.route[e]].area_id if found.route[e] >= 0 else None,
                "section_id": areas[found.section[e]].area_id if found.section[e] >= 0 else None,
                "state": str(state), "state_ja": state.ja, "reason": str(reason),
                "reason_ja": Reason(reason).ja, "length_m": _round(float(found.standing.length_m[e]), 2),
                "callout_at": _us(t.callout_us[e], zone), "target_at": _us(t.deadline_us[e], zone),
                "completed_at": _us(found.standing.completed_us[e], zone),
                "late_min": None if s.late_min[e] != s.late_min[e] else _round(float(s.late_min[e]), 1),
            }
        )  # fmt: skip
    return rows


def _us(us: int, zone: str) -> str | None:
    return None if us == NEVER else _clock(from_us(int(us)), zone)


def to_csv(rows: Table) -> bytes:
    """The rows as CSV in UTF-8 with a byte order mark, so that spreadsheets read Japanese. Empty: nothing is told."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]) if rows else ["name"], lineterminator="\r\n")
    writer.writeheader()
    writer.writerows([{key: _safe(value) for key, value in row.items()} for row in rows])
    return out.getvalue().encode("utf-8-sig")


def _safe(value: object) -> object:
    """Text that a spreadsheet would run as a formula is marked as text."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
