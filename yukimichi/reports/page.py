"""A daily report as one page for paper, A4, in Japanese; it fetches nothing and runs no script."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from html import escape
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from geo.report_sheet import Document
from geo.store.report_shapes import Shape
from yukimichi.reports.drawing import svg
from yukimichi.reports.tables import TABLES, Column, Kind, Table
from yukimichi.reports.words import UNASSIGNED_JA
from yukimichi.reports.xlsx_file import cover_rows

#: Columns of the overview; all of them do not fit on paper.
OVERVIEW = (
    "受託者", "車両", "機械", "開始", "終了", "作業走行(秒)", "うち要確認(秒)", "回送(秒)", "作業不明(秒)",
    "停車・道路外(秒)", "作業走行(m)", "回送(m)", "金額(円)", "確定",
)  # fmt: skip
#: Sums by the name of the figure: what it is called, and how it is written.
SUMS = {
    "work_s": ("作業走行", "seconds"), "flagged_s": ("うち要確認", "seconds"), "deadhead_s": ("回送", "seconds"),
    "unknown_s": ("作業不明", "seconds"), "standing_s": ("停車・道路外", "seconds"), "work_m": ("作業走行 km", "km"),
    "deadhead_m": ("回送 km", "km"), "amount_yen": ("金額", "sum"), "flagged_yen": ("要確認の金額（別計）", "sum"),
    "original_yen": ("訂正前の金額", "sum"),
}  # fmt: skip
#: What of each table is left out in the section of a vehicle, since its heading says it.
HEAD = ("日付", "受託者", "車両", "機械", "機種")


def page(document: Document, shapes: Sequence[Sequence[Shape]]) -> str:
    """The page; shapes are the lines of each report, in the order of the reports."""
    style = resources.files("yukimichi").joinpath("reports", "page.css").read_text(encoding="utf-8")
    title = f"作業日報 {document['day']}"
    sections = "".join(
        _section(document, report, lines) for report, lines in zip(document["reports"], shapes, strict=True)
    )
    parts = [
        f"<h1>作業日報・支払明細</h1>{_marks(document)}{_cover(document)}",
        _changes(document),
        f"<h2>一覧</h2>{_table(document, _some(TABLES['summary'], OVERVIEW))}{_sums(document['sums'])}",
        sections,
        f"<section class=definitions><h2>定義</h2>{_table(document, TABLES['definitions'])}</section>",
    ]
    return (
        f'<!doctype html><html lang="ja"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{style}</style></head><body>{''.join(parts)}</body></html>"
    )


def _marks(document: Document) -> str:
    """What must not be overlooked, above everything else."""
    marks = []
    if document["synthetic"]:
        marks.append("合成データ：シミュレータによるもので、実際の作業ではない")
    if document["is_provisional"]:
        marks.append("暫定：走行中、または照合し直し前の軌跡を含む")
    if document["sums"]["n_unpriced"]:
        marks.append(f"金額のない明細が {document['sums']['n_unpriced']} 件ある（0円ではない）")
    return "".join(f"<p class=mark>{escape(mark)}</p>" for mark in marks)


def _cover(document: Document) -> str:
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in cover_rows(document))
    return f"<table class=cover>{rows}</table>"


def _changes(document: Document) -> str:
    issue = document["issue"] or {}
    if not issue.get("changes"):
        return ""
    return f"<h2>前回の発行からの変更</h2>{_table(document, TABLES['changes'])}"


def _sums(sums: Document) -> str:
    shown = ((name, _shown(kind, sums.get(key))) for key, (name, kind) in SUMS.items())
    return "<dl class=sums>" + "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in shown) + "</dl>"


def _section(document: Document, report: Document, shapes: Sequence[Shape]) -> str:
    one = document | {"reports": [report]}
    machine = " ".join(escape(text) for text in (report["machine"], report["machine_class"]) if text)
    name = escape(report["vehicle"])
    head = f"<h2>{name} <small>{machine} {escape(report['contractor'] or UNASSIGNED_JA)}</small></h2>"
    trips = "".join(_trip(document, trip) for trip in report["trips"])
    tables = [("支払明細", "pay"), ("稼働明細", "lines"), ("訂正", "corrections"), ("根拠", "evidence")]
    sums = _sums(report["totals"] | report["pay_totals"])
    return (
        f"<section class=vehicle>{head}{svg(shapes, name)}<ul class=trips>{trips}</ul>{sums}"
        + "".join(f"<h3>{ja}</h3>{_table(one, _without(TABLES[key], HEAD))}" for ja, key in tables if report[key])
        + "</section>"
    )


def _trip(document: Document, trip: dict[str, Any]) -> str:
    before = "（前日から）" if trip["began_before"] else ""
    after = "（翌日へ）" if trip["goes_on"] else ""
    started, ended = (_local(document, trip[key]) for key in ("started_at", "ended_at"))
    unheard = f"、無通信 {_shown('seconds', trip['unheard_s'])}" if trip["unheard_s"] else ""
    return (
        f"<li>運行{trip['trip']}: {started}{before}〜{ended}{after}、"
        f"作業 {_shown('km', trip['work_m'])} km{unheard}</li>"
    )


def _local(document: Document, text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(ZoneInfo(document['timezone'])):%H:%M:%S}"


def _some(table: Table, names: Sequence[str]) -> Table:
    return Table(table.ja, tuple(column for column in table.columns if column.ja in names), table.rows)


def _without(table: Table, names: Sequence[str]) -> Table:
    return Table(table.ja, tuple(column for column in table.columns if column.ja not in names), table.rows)


def _table(document: Document, table: Table) -> str:
    head = "".join(f"<th>{escape(_unitless(column))}</th>" for column in table.columns)
    kinds = [column.kind for column in table.columns]
    rows = "".join(
        "<tr>" + "".join(_td(kind, cell) for kind, cell in zip(kinds, cells, strict=True)) + "</tr>"
        for cells in table.cells(document)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _unitless(column: Column) -> str:
    return column.ja.replace("(秒)", "").replace("(m)", "(km)")


def _td(kind: Kind, cell: Any) -> str:
    is_number = kind in ("seconds", "metres", "yen", "whole", "price")
    text = escape(_shown("km" if kind == "metres" else kind, cell))
    return f"<td{' class=n' if is_number else ''}>{text}</td>"


def _shown(kind: str, value: Any) -> str:
    """A value for people; nothing known is a dash, never zero."""
    if value is None:
        return "未算定" if kind == "sum" else "–"
    if kind == "sum":
        return f"{value:,} 円"
    if isinstance(value, datetime):
        return f"{value:%m/%d %H:%M:%S}"
    if kind == "seconds":
        whole = round(value)
        return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    if kind == "km":
        return f"{value / 1000:,.2f}"
    return f"{Decimal(value):,}" if kind in ("yen", "price") else str(value)
