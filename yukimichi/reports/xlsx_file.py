"""A daily report as a workbook: one sheet a table, heads that stay, times and yen as numbers. No cell is a formula."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from geo.report_sheet import Document
from yukimichi.reports.tables import TABLES, Kind, Table
from yukimichi.reports.words import UNASSIGNED_JA

SECONDS_OF_A_DAY = 86_400
#: Number formats of Excel by kind of column.
FORMATS: dict[Kind, str] = {
    "text": "@", "moment": "yyyy-mm-dd hh:mm:ss", "seconds": "[h]:mm:ss", "metres": "#,##0.0", "yen": "#,##0",
    "whole": "0", "price": "#,##0.####",
}  # fmt: skip
FONT = {"font_name": "Noto Sans CJK JP", "font_size": 10}
WIDTHS: dict[Kind, int] = {"text": 14, "moment": 19, "seconds": 13, "metres": 13, "yen": 12, "whole": 10, "price": 12}


def xlsx_bytes(document: Document) -> bytes:
    """The workbook: a cover, then every table. Durations are shares of a day, shown as hours, minutes and seconds."""
    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(stream, options)
    book.set_properties(
        {"title": f"作業日報 {document['day']}", "created": datetime.fromisoformat(document["made_at"])}
    )
    formats = {kind: book.add_format(FONT | {"num_format": shown}) for kind, shown in FORMATS.items()}
    head = book.add_format(FONT | {"bold": True, "bg_color": "#1F4E79", "font_color": "#FFFFFF", "text_wrap": True,
                                   "valign": "vcenter", "border": 1})  # fmt: skip
    wrapped = book.add_format(FONT | {"text_wrap": True, "valign": "top"})
    _cover(book.add_worksheet("表紙"), document, book.add_format(FONT | {"bold": True, "font_size": 16}), wrapped)
    for table in TABLES.values():
        _sheet(book.add_worksheet(table.ja), document, table, head, formats)
    book.close()
    return stream.getvalue()


def _cover(sheet: Worksheet, document: Document, big: Any, wrapped: Any) -> None:
    sheet.write_string(0, 0, "作業日報・支払明細", big)
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 60)
    for row, (name, value) in enumerate(cover_rows(document), 2):
        sheet.write_string(row, 0, name, wrapped)
        sheet.write_string(row, 1, value, wrapped)


def cover_rows(document: Document) -> list[tuple[str, str]]:
    """What the cover says, in words: what the report is of, its issue, and what of it is not sure."""
    issue, event = document["issue"] or {}, document["event"]
    number = f"第{issue['issue_no']}版" if issue.get("issue_no") else "未発行（下書き）"
    rows = [
        ("日付", f"{document['day']}（{document['timezone']}）"),
        ("受託者", document["contractor"] or "すべて"),
        ("車両", document["vehicle"] or "すべて"),
        ("事象", event["name"] if event else "指定なし"),
        ("発行", number),
        ("照合値 SHA-256", issue.get("sha256", "")),
        ("作成日時", document["made_at"]),
        ("状態", "暫定（走行中または照合し直し前の軌跡を含む）" if document["is_provisional"] else "確定"),
        ("台数", str(document["sums"]["n_reports"])),
    ]
    if document["known_at"]:
        rows.append(("当時の知識", f"{document['known_at']} の時点で分かっていたこと"))
    if document["synthetic"]:
        rows.append(("合成データ", "シミュレータによる合成データを含む。実際の作業ではない。"))
    if any(report["contractor"] is None for report in document["reports"]):
        rows.append((UNASSIGNED_JA, "受託者の分からない車両を含む。"))
    return rows


def _sheet(sheet: Worksheet, document: Document, table: Table, head: Any, formats: dict[Kind, Any]) -> None:
    sheet.freeze_panes(1, 0)
    sheet.set_row(0, 32)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    for at, column in enumerate(table.columns):
        wide = 90 if column.ja == "意味" else WIDTHS[column.kind]
        sheet.set_column(at, at, wide)
        name = column.ja.replace("(秒)", "(時:分:秒)")
        sheet.write_string(0, at, name, head)
    n_rows = 0
    for cells in table.cells(document):
        n_rows += 1
        for at, (column, cell) in enumerate(zip(table.columns, cells, strict=True)):
            _write(sheet, n_rows, at, column.kind, cell, formats[column.kind])
    if n_rows:
        sheet.autofilter(0, 0, n_rows, len(table.columns) - 1)


def _write(sheet: Worksheet, row: int, at: int, kind: Kind, cell: Any, shown: Any) -> None:
    if cell is None:
        sheet.write_blank(row, at, None, shown)
    elif isinstance(cell, datetime):
        sheet.write_datetime(row, at, cell, shown)
    elif kind == "seconds":
        sheet.write_number(row, at, cell / SECONDS_OF_A_DAY, shown)
    elif kind in ("metres", "yen", "whole", "price"):
        sheet.write_number(row, at, float(cell), shown)
    else:
        sheet.write_string(row, at, str(cell), shown)
