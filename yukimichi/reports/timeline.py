"""When each machine was out, as one drawing over the local day; for notebooks and the screen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from html import escape
from zoneinfo import ZoneInfo

from geo.report_days import day_span
from geo.report_sheet import Document
from geo.timeline import to_us

ROW, LEFT, WIDTH, TOP = 22.0, 150.0, 900.0, 26.0
#: Fill of a trip's bar, and of the part of it without a trace.
FILL, TEXT, GRID = "#1f66b5", "#16202a", "#d5dde5"


def timeline(document: Document, most: int = 40) -> str:
    """An SVG: a row a machine, those that worked longest first, a bar a trip, and the kilometres at work."""
    zone = document["timezone"]
    begin, end = day_span(date.fromisoformat(document["day"]), zone)
    rows = sorted(document["reports"], key=lambda report: -report["totals"]["work_s"])[:most]
    height = TOP + ROW * max(len(rows), 1) + 8
    scale = (WIDTH - LEFT - 90) / (end - begin)
    hours = range(0, round((end - begin) / 3_600_000_000) + 1, 3)
    grid = "".join(
        _hour(LEFT + hour * 3_600_000_000 * scale, begin + hour * 3_600_000_000, zone, height) for hour in hours
    )
    bars = "".join(_row(report, TOP + ROW * i, begin, scale) for i, report in enumerate(rows))
    return (
        f'<svg viewBox="0 0 {WIDTH:.0f} {height:.0f}" style="max-width:100%;font:12px sans-serif" role="img" '
        f'aria-label="運行 Trips {escape(document["day"])}">{grid}{bars}</svg>'
    )


def _hour(x: float, at_us: int, zone: str, height: float) -> str:
    shown = datetime.fromtimestamp(at_us / 1e6, ZoneInfo(zone))
    return (
        f'<path d="M{x:.1f} {TOP - 6:g}V{height - 6:g}" stroke="{GRID}"/>'
        f'<text x="{x:.1f}" y="14" text-anchor="middle" fill="{TEXT}">{shown:%H:%M}</text>'
    )


def _row(report: Document, y: float, begin: int, scale: float) -> str:
    name = escape(report["machine"] or report["vehicle"])
    bars = "".join(_bar(report["trips"], y, begin, scale))
    km = f"{report['totals']['work_m'] / 1000:,.1f} km"
    return (
        f'<text x="{LEFT - 8:g}" y="{y + 14:g}" text-anchor="end" fill="{TEXT}">{name}</text>{bars}'
        f'<text x="{WIDTH - 4:g}" y="{y + 14:g}" text-anchor="end" fill="{TEXT}">{km}</text>'
    )


def _bar(trips: Sequence[Document], y: float, begin: int, scale: float) -> list[str]:
    bars = []
    for trip in trips:
        start, end = (to_us(datetime.fromisoformat(trip[key])) for key in ("started_at", "ended_at"))
        x, wide = LEFT + (start - begin) * scale, max((end - start) * scale, 1.5)
        heard = 1 - trip["unheard_s"] * 1e6 / max(end - start, 1)
        title = escape(f"運行{trip['trip']} {trip['work_m'] / 1000:.1f} km")
        bars.append(
            f'<rect x="{x:.1f}" y="{y + 3:g}" width="{wide:.1f}" height="{ROW - 8:g}" rx="3" fill="{FILL}" '
            f'fill-opacity="{0.25 + 0.75 * heard:.2f}"><title>{title}</title></rect>'
        )
    return bars
