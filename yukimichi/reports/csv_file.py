"""Tables as CSV for Japanese offices: UTF-8 with a byte order mark, or CP932. No cell becomes a formula."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from geo.report_sheet import Document
from yukimichi.reports.tables import Kind, Table

#: With these a spreadsheet takes a cell for a formula (OWASP, CSV Injection); full-width forms count in Japanese ones.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: What stands for a character that CP932 does not have: the mark of Japanese printers for a missing type.
MISSING_TYPE = "〓"
#: The same signs under the code points that CP932 has.
SAME_SIGNS = str.maketrans({"−": "－", "〜": "～", "—": "―", "‖": "∥", "¢": "￠", "£": "￡", "¬": "￢", "\u00a0": " "})


@dataclass(slots=True)
class Written:
    """A file, and the characters that had to be replaced, counted."""

    content: bytes
    replaced: Counter[str] = field(default_factory=Counter)


def safe_text(text: str) -> str:
    """Text that no spreadsheet takes for a formula, on one line: an apostrophe stands before what would be one."""
    plain = text.replace("\0", "")
    return "'" + plain if plain.lstrip(" \u3000").startswith(FORMULA_SIGNS) else plain


def _shown(kind: Kind, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if kind in ("seconds", "metres"):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return safe_text(str(value)) if kind == "text" else str(value)


def csv_bytes(document: Document, table: Table, *, is_cp932: bool = False) -> Written:
    """A table as CSV: UTF-8 with a byte order mark, or CP932 where what it lacks stands as 〓."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow([column.ja for column in table.columns])
    for cells in table.cells(document):
        writer.writerow([_shown(column.kind, cell) for column, cell in zip(table.columns, cells, strict=True)])
    text = stream.getvalue()
    if not is_cp932:
        return Written(text.encode("utf-8-sig"))
    text = text.translate(SAME_SIGNS)
    replaced = Counter(sign for sign in text if ord(sign) > 127 and not _has(sign))
    for sign in replaced:
        text = text.replace(sign, MISSING_TYPE)
    return Written(text.encode("cp932"), replaced)


def _has(sign: str) -> bool:
    try:
        sign.encode("cp932")
    except UnicodeEncodeError:
        return False
    return True
