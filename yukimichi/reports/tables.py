"""The tables of a daily report, the same for CSV, XLSX and the page: names, units and values of each column."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from geo.report_sheet import Document
from yukimichi.reports.words import (
    BASES_JA,
    CONTRACTOR_BASES_JA,
    DAY_KINDS_JA,
    KINDS_JA,
    PAY_NOTES_JA,
    TREATMENTS_JA,
    UNASSIGNED_JA,
    UNNAMED_JA,
    work_ja,
)

type Kind = Literal["text", "moment", "seconds", "metres", "yen", "whole", "price"]
type Pair = tuple[Document, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its head in Japanese with the unit, how it is written, and its value of a report and a row."""

    ja: str
    kind: Kind
    value: Callable[[Document, dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its title, its columns, and its rows of a whole document."""

    ja: str
    columns: tuple[Column, ...]
    rows: Callable[[Document], Iterator[Pair]]

    def cells(self, document: Document) -> Iterator[list[Any]]:
        """The values row by row: text, number, local datetime, or None where nothing is known."""
        zone = ZoneInfo(document["timezone"])
        for report, row in self.rows(document):
            yield [_cell(column, column.value(report, row), zone) for column in self.columns]


def _cell(column: Column, value: Any, zone: ZoneInfo) -> Any:
    if value is None or column.kind != "moment":
        return value
    return datetime.fromisoformat(value).astimezone(zone).replace(tzinfo=None)


def _own(name: str) -> Callable[[Document, dict[str, Any]], Any]:
    return lambda report, row: row[name]


def _of_report(name: str) -> Callable[[Document, dict[str, Any]], Any]:
    return lambda report, row: report[name]


def _total(group: str, name: str) -> Callable[[Document, dict[str, Any]], Any]:
    return lambda report, row: report[group][name]


def _word(words: dict[str, str], name: str, missing: str | None = None) -> Callable[[Document, dict[str, Any]], Any]:
    return lambda report, row: words.get(row[name], row[name]) if row[name] is not None else missing


def _yes(name: str, ja: str) -> Callable[[Document, dict[str, Any]], Any]:
    return lambda report, row: ja if row[name] else ""


def _contractor(report: Document, row: dict[str, Any]) -> str:
    return report["contractor"] or UNASSIGNED_JA


HEAD = (
    Column("日付", "text", _of_report("day")),
    Column("受託者", "text", _contractor),
    Column("車両", "text", _of_report("vehicle")),
    Column("機械", "text", _of_report("machine")),
    Column("機種", "text", _of_report("machine_class")),
)
SUMMARY = (
    *HEAD,
    Column("データ源", "text", _of_report("source")),
    Column("受託者の根拠", "text", lambda report, row: CONTRACTOR_BASES_JA[report["contractor_basis"]]),
    Column("曜日区分", "text", lambda report, row: DAY_KINDS_JA.get(report["day_kind"])),
    Column("開始", "moment", _of_report("started_at")),
    Column("終了", "moment", _of_report("ended_at")),
    Column("運行数", "whole", lambda report, row: len(report["trips"])),
    Column("作業走行(秒)", "seconds", _total("totals", "work_s")),
    Column("うち要確認(秒)", "seconds", _total("totals", "flagged_s")),
    Column("回送(秒)", "seconds", _total("totals", "deadhead_s")),
    Column("作業不明(秒)", "seconds", _total("totals", "unknown_s")),
    Column("停車・道路外(秒)", "seconds", _total("totals", "standing_s")),
    Column("合計時間(秒)", "seconds", _total("totals", "trace_s")),
    Column("無通信(秒)", "seconds", lambda report, row: sum(trip["unheard_s"] for trip in report["trips"])),
    Column("作業走行(m)", "metres", _total("totals", "work_m")),
    Column("回送(m)", "metres", _total("totals", "deadhead_m")),
    Column("作業不明(m)", "metres", _total("totals", "unknown_m")),
    Column("合計距離(m)", "metres", _total("totals", "driven_m")),
    Column("うち時間不明(m)", "metres", _total("totals", "untimed_m")),
    Column("訂正前の作業走行(秒)", "seconds", _total("original", "work_s")),
    Column("訂正前の回送(秒)", "seconds", _total("original", "deadhead_s")),
    Column("訂正前の作業走行(m)", "metres", _total("original", "work_m")),
    Column("金額(円)", "yen", _total("pay_totals", "amount_yen")),
    Column("うち要確認は別計(円)", "yen", _total("pay_totals", "flagged_yen")),
    Column("訂正前の金額(円)", "yen", _total("pay_totals", "original_yen")),
    Column("単価のない明細", "whole", _total("pay_totals", "n_unpriced")),
    Column("確定", "text", lambda report, row: "暫定" if report["evidence"]["is_provisional"] else "確定"),
    Column("合成データ", "text", lambda report, row: "合成" if report["synthetic"] else ""),
)
LINES = (
    *HEAD,
    Column("運行", "whole", _own("trip")),
    Column("除雪路線", "text", _own("route_id")),
    Column("工区", "text", _own("section_id")),
    Column("路線", "text", _own("road")),
    Column("走行種別", "text", _word(KINDS_JA, "kind")),
    Column("作業種別", "text", _word(TREATMENTS_JA, "treatment")),
    Column("時間帯", "text", _own("band")),
    Column("要確認", "text", _yes("is_flagged", "要確認")),
    Column("時間(秒)", "seconds", _own("seconds")),
    Column("距離(m)", "metres", _own("metres")),
    Column("訂正番号", "whole", _own("correction_id")),
    Column("訂正前の走行種別", "text", _word(KINDS_JA, "original_kind")),
    Column("訂正前の作業種別", "text", _word(TREATMENTS_JA, "original_treatment")),
)
PAY = (
    *HEAD,
    Column("作業", "text", lambda report, row: work_ja(row["work"])),
    Column("時間帯", "text", _own("band")),
    Column("曜日区分", "text", _word(DAY_KINDS_JA, "day_kind")),
    Column("要確認", "text", _yes("is_flagged", "要確認")),
    Column("時間(秒)", "seconds", _own("seconds")),
    Column("距離(m)", "metres", _own("metres")),
    Column("単価(円/時間)", "price", _own("yen_per_hour")),
    Column("金額(円)", "yen", _own("amount_yen")),
    Column("備考", "text", _word(PAY_NOTES_JA, "note")),
)
EVIDENCE = (
    *HEAD,
    Column("事実の数", "whole", _own("n_facts")),
    Column("最初の事実ID", "whole", _own("first_fact_id")),
    Column("最後の事実ID", "whole", _own("last_fact_id")),
    Column("走行軌跡の数", "whole", _own("n_traces")),
    Column("最初の測位点", "moment", _own("first_fix_at")),
    Column("最後の測位点", "moment", _own("last_fix_at")),
    Column("測位点の数", "whole", _own("n_fixes")),
    Column("照合器の版", "text", lambda report, row: " ".join(row["matcher_versions"])),
    Column("道路網の版", "text", lambda report, row: " ".join(map(str, row["network_versions"]))),
    Column("作業の根拠", "text", lambda report, row: " ".join(BASES_JA[basis] for basis in row["work_bases"])),
    Column("確定", "text", lambda report, row: "暫定" if row["is_provisional"] else "確定"),
    Column("根拠", "text", lambda report, row: "期限切れ（削除済み）" if row["is_evidence_expired"] else "保存中"),
)
CORRECTIONS = (
    *HEAD,
    Column("訂正番号", "whole", _own("correction_id")),
    Column("から", "moment", _own("from_at")),
    Column("まで", "moment", _own("to_at")),
    Column("走行種別", "text", _word(KINDS_JA, "kind")),
    Column("作業種別", "text", _word(TREATMENTS_JA, "treatment", UNNAMED_JA)),
    Column("訂正者", "text", _own("author")),
    Column("理由", "text", _own("reason")),
    Column("訂正日時", "moment", _own("recorded_at")),
)
CHANGES = (
    Column("車両", "text", _own("vehicle")),
    Column("項目", "text", _own("field")),
    Column("前回", "text", lambda report, row: None if row["before"] is None else str(row["before"])),
    Column("今回", "text", lambda report, row: None if row["after"] is None else str(row["after"])),
)
DEFINITIONS = (
    Column("項目", "text", _own("ja")),
    Column("記号", "text", _own("term")),
    Column("意味", "text", _own("meaning")),
)


def _each(name: str) -> Callable[[Document], Iterator[Pair]]:
    def rows(document: Document) -> Iterator[Pair]:
        for report in document["reports"]:
            held = report[name]
            yield from ((report, row) for row in (held if isinstance(held, list) else [held]))

    return rows


def _of_document(find: Callable[[Document], list[dict[str, Any]]]) -> Callable[[Document], Iterator[Pair]]:
    return lambda document: ((document, row) for row in find(document))


#: By the name that `--table` takes, in the order of the sheets.
TABLES: dict[str, Table] = {
    "summary": Table("日報", SUMMARY, _each("totals")),
    "pay": Table("支払明細", PAY, _each("pay")),
    "lines": Table("稼働明細", LINES, _each("lines")),
    "evidence": Table("根拠", EVIDENCE, _each("evidence")),
    "corrections": Table("訂正", CORRECTIONS, _each("corrections")),
    "changes": Table("前回からの変更", CHANGES, _of_document(lambda d: (d["issue"] or {}).get("changes", []))),
    "definitions": Table("定義", DEFINITIONS, _of_document(lambda d: d["definitions"])),
}
