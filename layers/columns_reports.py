"""The columns of daily reports."""

from __future__ import annotations

from layers.columns import SYNTHETIC, Column


def _seconds(name: str, ja: str, description: str) -> Column:
    return Column(name, "number", ja, f"{description}, seconds.")


def _metres(name: str, ja: str, description: str) -> Column:
    return Column(name, "number", ja, f"{description}, metres.")


DAILY_REPORT = (
    Column("report_id", "text", "日報ID", "Id of the report."),
    Column("day", "text", "日付", "Local day, such as 2026-01-18."),
    Column("source", "text", "情報源", "Source of its fixes."),
    Column("vehicle", "text", "車両", "Name of the vehicle at its source."),
    Column("machine", "text", "機械", "Name of the machine; null: not told."),
    Column("machine_class", "text", "機種", "Class of the machine; null: not told."),
    Column("contractor", "text", "受託者", "Who is paid; null: nobody is known."),
    Column(
        "contractor_basis", "text", "受託者の根拠", "How the contractor is known.",
        ("assignment", "register", "source", "none"),
    ),
    Column("started_at", "moment", "開始", "Begin of the first trip within the day."),
    Column("ended_at", "moment", "終了", "End of the last trip within the day."),
    Column("n_trips", "integer", "運行数", "Trips from depot to depot."),
    _seconds("work_s", "作業走行の時間", "Time at work"),
    _seconds("flagged_s", "要確認の時間", "Of it less sure than the limit"),
    _seconds("deadhead_s", "回送の時間", "Time driven without work"),
    _seconds("unknown_s", "作業不明の時間", "Time driven of which nobody can tell"),
    _seconds("standing_s", "停車・道路外の時間", "Time of traces on no road"),
    _metres("work_m", "作業走行の距離", "Way at work"),
    _metres("deadhead_m", "回送の距離", "Way without work"),
    _metres("unknown_m", "作業不明の距離", "Way of which nobody can tell"),
    _metres("untimed_m", "時間不明の距離", "Of all way that of ready lines, whose time is not known"),
    Column("amount_yen", "integer", "金額", "Sum of the sure lines that have a price, yen; null: not one has."),
    Column("flagged_yen", "integer", "要確認の金額", "Sum of the flagged lines that have a price; null: not one has."),
    Column("n_unpriced", "integer", "金額のない明細", "Lines of the pay sheet without an amount."),
    Column("n_corrections", "integer", "訂正の数", "Corrections by hand that changed something."),
    Column("n_facts", "integer", "事実の数", "Facts behind it."),
    Column("first_fix_at", "moment", "最初の測位点", "First fix of those facts."),
    Column("last_fix_at", "moment", "最後の測位点", "Last fix of those facts."),
    Column("is_provisional", "boolean", "暫定", "True: a trace is open and will be matched again."),
    Column("is_evidence_expired", "boolean", "根拠期限切れ", "True: the fixes behind it were deleted."),
    SYNTHETIC,
)  # fmt: skip
