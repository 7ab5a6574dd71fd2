"""What is handed out: no cell is a formula, CP932 says what it lacks, the workbook and the page hold all tables."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports_town import DAY, build

from geo.db import Database, Role
from geo.errors import InputError, NotFoundError
from geo.settings import Settings
from geo.store.report_shapes import part_of, read_shapes
from geo.work import DEADHEAD, PASS
from yukimichi.context import Context
from yukimichi.reports.csv_file import FORMULA_SIGNS, csv_bytes, safe_text
from yukimichi.reports.daily import Made, Wish, make
from yukimichi.reports.drawing import svg
from yukimichi.reports.files import format_of, write
from yukimichi.reports.page import page
from yukimichi.reports.tables import TABLES, Column, Table
from yukimichi.reports.xlsx_file import xlsx_bytes

AT = datetime(2026, 1, 19, 3, tzinfo=UTC)


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    return Context(Settings(home=tmp_path), build(database))


@pytest.fixture
def made(context: Context) -> Made:
    return make(context, Wish(DAY), AT)


def _csv(content: bytes, encoding: str = "utf-8-sig") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(encoding), newline="")))


@given(st.text(st.characters(codec="utf-8"), max_size=12))
def test_no_text_begins_as_a_formula(text: str) -> None:
    assert not safe_text(text).lstrip(" \u3000").startswith(FORMULA_SIGNS)
    assert safe_text(text).removeprefix("'") == text.replace("\0", "")


@pytest.mark.parametrize("text", ["=1+1", "+81", "-1", "@x", "\t=1", " =1", "＝1", "\u3000@a"])
def test_what_would_be_a_formula_gets_an_apostrophe(text: str) -> None:
    assert safe_text(text) == "'" + text


@pytest.mark.parametrize("text", ["plough-1", "1=1", "", "北陸建設", "a@b"])
def test_plain_text_stays(text: str) -> None:
    assert safe_text(text) == text


def test_the_vehicle_that_is_named_like_a_formula_is_none(made: Made) -> None:
    for name, table in TABLES.items():
        for row in _csv(csv_bytes(made.document, table).content):
            for cell in row:
                number = re.fullmatch(r"-?[0-9.]+", cell)
                assert number or not cell.startswith(FORMULA_SIGNS), (name, cell)
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(made.document)))
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    assert any(cell.value == "=cmd|calc" for row in book["日報"].iter_rows() for cell in row)


def test_csv_begins_with_a_byte_order_mark_and_ends_lines_as_windows_does(made: Made) -> None:
    content = csv_bytes(made.document, TABLES["summary"]).content
    assert content.startswith(b"\xef\xbb\xbf")
    rows = _csv(content)
    assert content.count(b"\r\n") == len(rows) == 4
    assert dict(zip(rows[0], rows[1], strict=True))["作業走行(秒)"] == "3000"


def _one_cell(text: str) -> Table:
    return Table("表", (Column("名", "text", lambda report, row: row["name"]),), lambda d: iter([(d, {"name": text})]))


def test_cp932_replaces_what_it_lacks_and_says_so() -> None:
    written = csv_bytes({"timezone": "Asia/Tokyo"}, _one_cell("𠮷野組①〜−髙橋🚜"), is_cp932=True)
    assert _csv(written.content, "cp932")[1] == ["〓野組①～－髙橋〓"]
    assert dict(written.replaced) == {"𠮷": 1, "🚜": 1}
    assert not csv_bytes({"timezone": "Asia/Tokyo"}, _one_cell("𠮷野組")).replaced


def test_what_is_not_known_is_an_empty_cell_and_never_zero(made: Made) -> None:
    rows = _csv(csv_bytes(made.document, TABLES["pay"]).content)
    for row in rows[1:]:
        named = dict(zip(rows[0], row, strict=True))
        assert named["金額(円)"] == ""
        assert named["備考"] in {"単価なし", "作業不明のため算定しない", "時間が分からないため算定しない"}
    haulage = next(row for row in rows if "運搬排雪" in row)
    assert dict(zip(rows[0], haulage, strict=True))["時間(秒)"] == ""


def test_sums_of_the_lines_are_those_of_the_summary(made: Made) -> None:
    lines = _csv(csv_bytes(made.document, TABLES["lines"]).content)
    summary = _csv(csv_bytes(made.document, TABLES["summary"]).content)
    at, by = lines[0].index("時間(秒)"), lines[0].index("走行種別")
    worked = sum(float(row[at]) for row in lines[1:] if row[by] == "作業走行" and row[at])
    assert worked == pytest.approx(sum(float(row[summary[0].index("作業走行(秒)")]) for row in summary[1:]))


def test_the_workbook_has_every_sheet_with_a_head_that_stays(made: Made) -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx_bytes(made.document)))
    assert book.sheetnames == ["表紙", *(table.ja for table in TABLES.values())]
    for table in TABLES.values():
        sheet = book[table.ja]
        assert sheet.freeze_panes == "A2"
        assert sheet.max_column == len(table.columns)
    sheet = book["日報"]
    head = [cell.value for cell in sheet[1]]
    work = sheet.cell(2, head.index("作業走行(時:分:秒)") + 1)
    start = sheet.cell(2, head.index("開始") + 1)
    assert work.number_format == "[h]:mm:ss"
    assert start.value == datetime(2026, 1, 18, tzinfo=UTC).replace(tzinfo=None)  # of the local clock
    amount = sheet.cell(2, head.index("金額(円)") + 1)
    assert (amount.value, amount.number_format) == (None, "#,##0")
    cover = {row[0].value: row[1].value for row in book["表紙"].iter_rows(min_row=3)}
    assert cover["発行"] == "未発行（下書き）"
    assert "合成データ" in cover
    assert "未割当" in cover


class _Tags(HTMLParser):
    """Counts tags, notes addresses, and checks that those which have an end are ended in order."""

    VOID = frozenset({"meta", "br", "path", "link", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.count: dict[str, int] = {}
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1
        self.addresses += [value for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_holds_a_map_of_each_vehicle_and_fetches_nothing(context: Context, made: Made) -> None:
    with context.database.connect(Role.ENGINE) as connection:
        text = page(made.document, read_shapes(connection, made.reports))
    tags = _Tags()
    tags.feed(text)
    assert tags.open == []
    assert tags.count["svg"] == 3
    assert tags.addresses == []
    assert "script" not in tags.count
    assert "url(" not in text
    assert "@page { size: A4" in text
    assert "合成データ：" in text
    assert "=cmd|calc" in text


def test_names_cannot_break_out_of_the_page(database: Database, tmp_path: Path) -> None:
    build(database)
    with database.connect(Role.OWNER) as connection:
        connection.execute("UPDATE raw.vehicle SET external_id = '\"><script>x</script>' WHERE vehicle_id = 3")
    made = make(Context(Settings(home=tmp_path), database), Wish(DAY), AT)
    with database.connect(Role.ENGINE) as connection:
        text = page(made.document, read_shapes(connection, made.reports))
    assert "<script" not in text
    assert '"><' not in re.findall(r"aria-label=.*?viewBox|aria-label=[^>]*", text)[-1]


def test_a_map_tells_kinds_apart_and_has_a_round_scale() -> None:
    line = np.array([[136.6, 36.5], [136.61, 36.5]])
    drawn = svg([(PASS, line), (DEADHEAD, line + [0, 0.01])], "1号車")
    assert 'class="pass"' in drawn
    assert drawn.index('class="deadhead"') < drawn.index('class="pass"')  # work lies above
    assert re.search(r">\d+ (k?m)<", drawn)
    assert svg([], "none") == ""
    assert "M" in svg([(PASS, line[:1].repeat(2, axis=0))], "a point")


@pytest.mark.parametrize(("start", "end"), [(0, 1), (0.25, 0.75), (0.1, 0.2), (0.5, 1)])
def test_part_of_a_line(start: float, end: float) -> None:
    line = np.array([[0.0, 0], [2, 0], [2, 2]])
    part = part_of(line, start, end)
    assert np.hypot(*np.diff(part, axis=0).T).sum() == pytest.approx(4 * (end - start))


@pytest.mark.parametrize(
    ("form", "files"),
    [("csv", 7), ("csv-cp932", 7), ("xlsx", 1), ("html", 1), ("json", 1)],
)
def test_a_folder_gets_everything(context: Context, made: Made, tmp_path: Path, form: str, files: int) -> None:
    written, _ = write(context.database, made, tmp_path / "out", form, "summary")
    assert len(written) == files
    assert all(path.stat().st_size for path in written)
    assert sorted((tmp_path / "out").iterdir()) == sorted(written)


def test_the_name_of_a_file_says_its_format(tmp_path: Path) -> None:
    assert [format_of(Path(name), None) for name in ("a.csv", "a.XLSX", "a.html", "a.json")] == [
        "csv", "xlsx", "html", "json",
    ]  # fmt: skip
    for name, given_form in (("a.pdf", None), ("a.csv", "pdf")):
        with pytest.raises(InputError):
            format_of(Path(name), given_form)


def test_a_place_that_cannot_be_written_is_said(context: Context, made: Made, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot be written"):
        write(context.database, made, tmp_path / "file" / "a.csv", "csv", "summary")


def test_the_workbook_of_the_same_report_is_the_same(made: Made) -> None:
    names: Callable[[bytes], dict[str, bytes]] = lambda content: {  # noqa: E731
        name: zipfile.ZipFile(io.BytesIO(content)).read(name)
        for name in zipfile.ZipFile(io.BytesIO(content)).namelist()
    }
    assert names(xlsx_bytes(made.document)) == names(xlsx_bytes(made.document))


def test_reports_are_narrowed_and_what_is_not_there_is_said(context: Context) -> None:
    assert [one["vehicle"] for one in make(context, Wish(DAY, contractor="北陸建設"), AT).document["reports"]] == [
        "plough-0002"
    ]
    one = make(context, Wish(DAY, vehicle="vendor/plough-0001"), AT).document
    assert [report["vehicle"] for report in one["reports"]] == ["plough-0001"]
    assert make(context, Wish(DAY, contractor="だれも"), AT).document["sums"]["amount_yen"] is None
    for wish in (Wish(DAY, vehicle="nobody"), Wish(DAY, event_id=99)):
        with pytest.raises(NotFoundError):
            make(context, wish, AT)


def test_only_what_is_handed_out_is_an_issue(context: Context) -> None:
    assert make(context, Wish(DAY), AT).document["issue"]["issue_no"] == 0
    assert make(context, Wish(DAY), AT, "me").document["issue"]["issue_no"] == 1
    assert make(context, Wish(DAY), AT).document["issue"]["issue_no"] == 1
    past = make(context, Wish(DAY, known_at=datetime(2020, 1, 1, tzinfo=UTC)), AT, "me").document
    assert past["issue"]["issue_no"] == 0
    assert past["reports"] == []
