"""The accuracy page as HTML: tables, and charts as SVG without a script, each with its text. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from tiles.accuracy_figures import AGES
from tiles.accuracy_words import WORDS
from tiles.disputes_pages import clock_text
from tiles.disputes_words import seen_text

#: Size of a chart and its margins, SVG units.
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 260, 74, 34, 14


def percent(share: float) -> str:
    """A share as percent with one decimal."""
    return f"{100 * share:.1f} %"


def _n(count: int | None, words: Mapping[str, str]) -> str:
    return words["few"] if count is None else f"{count:,}"


def _rate(row: Mapping[str, Any], words: Mapping[str, str]) -> tuple[str, str]:
    """(rate, interval) in words."""
    if row["rate"] is not None:
        return percent(row["rate"]), f"{percent(row['rate_low'])} – {percent(row['rate_high'])}"
    if row["rate_at_most"] is not None:
        return words["at_most"].format(p=percent(row["rate_at_most"])), "–"
    return words["no_rate"], "–"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """A table with row headers in its first column; every cell is escaped here."""
    columns = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:]) + "</tr>"
        for row in rows
    )
    table = f"<table><caption>{escape(caption)}</caption><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>"
    # wider than a phone: it is moved by keyboard too
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(caption, quote=True)}">{table}</div>'


def _frame(name: str, title: str, inner: str, most: float) -> str:
    """A chart around its bars: an axis with its zero and its most, as percent."""
    base = HEIGHT - BOTTOM
    axis = (
        f'<line x1="{LEFT}" y1="{base}" x2="{WIDTH}" y2="{base}" class="axis"/>'
        f'<line x1="{LEFT}" y1="{TOP}" x2="{WIDTH}" y2="{TOP}" class="grid"/>'
        f'<text x="{LEFT - 6}" y="{base}" class="tick">0 %</text>'
        f'<text x="{LEFT - 6}" y="{TOP + 5}" class="tick">{100 * most:.0f} %</text>'
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-labelledby="{name}" class="chart">'
        f'<title id="{name}">{escape(title)}</title>{axis}{inner}</svg>'
    )


def _places(weeks: Sequence[Mapping[str, Any]]) -> list[tuple[float, float]]:
    """(left end, width) of the bar of each week."""
    step = (WIDTH - LEFT) / len(weeks)
    return [(LEFT + step * (i + 0.2), step * 0.6) for i in range(len(weeks))]


def _labels(weeks: Sequence[Mapping[str, Any]]) -> str:
    return "".join(
        f'<text x="{x + w / 2:.1f}" y="{HEIGHT - 10}" class="week{" second" if i % 2 else ""}">'
        f"{week['week'][5:7]}/{week['week'][8:]}</text>"
        for i, (week, (x, w)) in enumerate(zip(reversed(weeks), reversed(_places(weeks)), strict=True))
    )


def rate_chart(weeks: Sequence[Mapping[str, Any]], title: str) -> str:
    """Bars of the rates with their intervals; a week whose rate is not told has none."""
    most = max([0.1, *(week["rate_high"] for week in weeks if week["rate_high"] is not None)])
    base, unit = HEIGHT - BOTTOM, (HEIGHT - BOTTOM - TOP) / most
    parts = []
    for week, (x, width) in zip(weeks, _places(weeks), strict=True):
        if week["rate"] is None:
            continue
        top, low, high = (base - week[name] * unit for name in ("rate", "rate_low", "rate_high"))
        middle = x + width / 2
        parts.append(
            f'<rect x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{base - top:.1f}" class="bar"/>'
            f'<line x1="{middle:.1f}" y1="{low:.1f}" x2="{middle:.1f}" y2="{high:.1f}" class="whisker"/>'
        )
    return _frame("rate-chart", title, "".join(parts) + _labels(weeks), most)


def fresh_chart(weeks: Sequence[Mapping[str, Any]], title: str) -> str:
    """Stacked bars of the ages of evidence, the youngest below; a week without an event has none."""
    base, unit = HEIGHT - BOTTOM, float(HEIGHT - BOTTOM - TOP)
    parts = []
    for week, (x, width) in zip(weeks, _places(weeks), strict=True):
        below = float(base)
        for i, name in enumerate(AGES):
            share = (week["evidence_age"] or {}).get(name, 0.0)
            height = share * unit
            below -= height
            if share:
                size = f'x="{x:.1f}" y="{below:.1f}" width="{width:.1f}" height="{height:.1f}"'
                parts.append(f'<rect {size} class="age age-{i}"/>')
    return _frame("fresh-chart", title, "".join(parts) + _labels(weeks), 1.0)


def _key(words: Mapping[str, str]) -> str:
    """What the parts of the stacked bars stand for."""
    items = "".join(
        '<li><svg viewBox="0 0 24 16" class="swatch" aria-hidden="true">'
        f'<rect width="24" height="16" class="age age-{i}"/></svg>{escape(words[name])}</li>'
        for i, name in enumerate(AGES)
    )
    return f'<ul class="key">{items}</ul>'


def _week_name(week: Mapping[str, Any], words: Mapping[str, str]) -> str:
    return str(week["week"]) + (words["running"] if week["is_running"] else "")


def _rate_rows(document: Mapping[str, Any], words: Mapping[str, str]) -> list[list[str]]:
    rows = []
    for week in [*reversed(document["weeks"]), document["all_weeks"]]:
        name = _week_name(week, words) if "week" in week else words["all"]
        per_hours = week.get("accepted_per_100000_edge_hours")
        counts = [_n(week[part], words) for part in ("reports", "decided", "accepted")]
        rows.append([name, *counts, *_rate(week, words), "–" if per_hours is None else f"{per_hours:.3f}"])
    return rows


def _fresh_rows(document: Mapping[str, Any], words: Mapping[str, str]) -> list[list[str]]:
    rows = []
    for week in reversed(document["weeks"]):
        name = _week_name(week, words)
        if week["evidence_age"] is None:
            why = words["no_event"] if week["hours"] else words["not_looked"]
            rows.append([name, why, *["–"] * (len(AGES) + 1)])
            continue
        shares = [percent(week["states"]["unknown"]), *(percent(week["evidence_age"][age]) for age in AGES)]
        rows.append([name, words["hours"].format(n=week["event_hours"]), *shares])
    return rows


def accuracy_html(document: Mapping[str, Any], lang: str) -> str:
    """The page's body."""
    words = WORDS[lang]
    at = clock_text(datetime.fromisoformat(document["as_of"]), document["timezone"], lang)
    rates = [words[n] for n in ("week", "reports", "decided", "accepted", "rate", "interval", "per_hours")]
    seen = [
        [seen_text(row["state_seen"], lang), *(_n(row[part], words) for part in ("reports", "decided", "accepted")),
         *_rate(row, words)]
        for row in document["by_state_seen"]
    ]  # fmt: skip
    seen_head = [words[n] for n in ("state_seen", "reports", "decided", "accepted", "rate", "interval")]
    fresh_head = [words[n] for n in ("week", "event_hours", "unknown", *AGES)]
    synthetic = f'<p class="synthetic">{words["synthetic"]}</p>' if document["synthetic"] else ""
    return (
        f"{synthetic}<p>{words['about']}</p><p>{escape(words['as_of'].format(time=at))}</p>"
        f"<h2>{words['rates']}</h2>{rate_chart(document['weeks'], words['chart'])}"
        f"{_table(rates, _rate_rows(document, words), words['rates'])}"
        f"<h2>{words['by_state']}</h2>{_table(seen_head, seen, words['by_state'])}"
        f"<h2>{words['fresh']}</h2>{fresh_chart(document['weeks'], words['fresh_chart'])}{_key(words)}"
        f"{_table(fresh_head, _fresh_rows(document, words), words['fresh'])}"
        f'<h2>{words["method"]}</h2><p>{words["how"]}</p><p><a href="/accuracy.json">{words["data"]}</a></p>'
    )
