"""`yukimichi report …`: daily reports, corrections by hand."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from geo.errors import InputError
from geo.timeline import now
from geo.vocabulary import PassKind, Treatment
from yukimichi.cli.options import Config, moment
from yukimichi.cli.reports import show
from yukimichi.context import opened
from yukimichi.progress import say

app = typer.Typer(
    no_args_is_help=True,
    help="Reports from the facts: daily reports and pay sheets. 実績から作る報告：作業日報・支払明細。\n\n"
    "Every figure can be traced to facts: their ids, first and last fix and versions stand beside it.",
)

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON. JSON で出力")]
Author = Annotated[str, typer.Option("--author", help="Who says so; kept with it for good. 訂正者")]
Why = Annotated[str, typer.Option("--reason", help="Why; kept with it for good. 理由")]


@app.callback()
def report() -> None:
    """Hold the group together; its commands do the work."""


@app.command("daily")
def daily(
    day: Annotated[str, typer.Option("--date", help="Local day, such as 2026-01-18. 日付")],
    contractor: Annotated[str | None, typer.Option(help="Only this contractor. 受託者")] = None,
    vehicle: Annotated[str | None, typer.Option(help="Only this vehicle, or SOURCE/VEHICLE. 車両")] = None,
    event: Annotated[int | None, typer.Option(help="Only time of this event, by its id. 事象の番号")] = None,
    out: Annotated[Path | None, typer.Option(help="A file, or a folder for all tables. 出力先")] = None,
    form: Annotated[
        str | None, typer.Option("--format", help="csv, csv-cp932, xlsx, html or json; else by the name. 形式")
    ] = None,
    table: Annotated[
        str, typer.Option(help="Of a single CSV: summary, pay, lines, evidence, corrections, changes. 表")
    ] = "summary",
    known_at: Annotated[
        str | None, typer.Option("--known-at", help="As it was known at this time; is no issue. 当時の知識")
    ] = None,
    draft: Annotated[bool, typer.Option("--draft", help="Write it without handing it out. 発行せず下書き")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Daily report and pay sheet of a day. 作業日報・支払明細.

    Per vehicle and contractor: trips, time and kilometres at work, without work and unknown, by route, treatment and
    hour band, pay and evidence. With --out it is handed out under an issue number, and says what changed since the
    issue before; without, the sums are shown.
    """
    from yukimichi.keys import actor
    from yukimichi.reports.corrections import audit
    from yukimichi.reports.daily import Wish, make
    from yukimichi.reports.files import format_of, write
    from yukimichi.reports.tables import TABLES

    if table not in TABLES:
        raise InputError(f"{table!r} is no table.", hint=f"Use one of {', '.join(TABLES)}.")
    written = None if out is None else format_of(out, form or ("csv" if not out.suffix else None))
    with opened(config) as context:
        known = None if known_at is None else moment(known_at, context.settings.timezone)
        wish = Wish(_day(day), contractor, vehicle, event, known)
        made = make(context, wish, now(), None if out is None or draft else actor())
        files: list[Path] = []
        if out is not None and written is not None:
            files, replaced = write(context.database, made, out, written, table)
            if replaced:
                say(f"CP932 lacks {', '.join(replaced)}; 〓 stands for them. 〓 に置き換えました。")
            if not draft and known is None:
                audit(context.database, "report_issue", _scope(wish) | {"issue_no": made.document["issue"]["issue_no"]})
    document = made.document
    if as_json:
        show(document, as_json=True)
        return
    shown = {name: document[name] for name in ("day", "contractor", "vehicle", "is_provisional", "synthetic", "sums")}
    issue = {name: document["issue"][name] for name in ("issue_no", "is_new", "changes")}
    show(shown | {"issue": issue, "files": [str(path) for path in files]}, as_json=False)


def _scope(wish: object) -> dict[str, object]:
    return {name: None if (value := getattr(wish, name)) is None else str(value)
            for name in ("day", "contractor", "vehicle", "event_id")}  # fmt: skip


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is no day.", hint="Write it like 2026-01-18.") from error


@app.command("refresh")
def refresh(
    if_due: Annotated[bool, typer.Option("--if-due", help="Only if it is time for it. 時刻が来たときだけ")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Bring the published daily reports of the last days up to date. 公開用の日報を更新.

    The service does it by itself every `reports.refresh_min` minutes.
    """
    from yukimichi.reports.keep import is_due, run

    with opened(config) as context:
        at = now()
        done = run(context, at) if not if_due or is_due(context, at) else None
    show(done or {"is_due": False}, as_json=as_json)


@app.command("correct")
def correct(
    vehicle: Annotated[str, typer.Option(help="The vehicle, or SOURCE/VEHICLE. 車両")],
    begin: Annotated[str, typer.Option("--from", help="Local time, such as 2026-01-18T06:10. 開始")],
    end: Annotated[str, typer.Option("--to", help="Local time, not itself included. 終了")],
    kind: Annotated[str, typer.Option(help="pass 作業走行, or deadhead 回送.")],
    author: Author,
    reason: Why,
    treatment: Annotated[
        str | None, typer.Option(help="Which treatment it was, in English or Japanese. 作業種別")
    ] = None,
    config: Config = None,
) -> None:
    """Say what a vehicle did in a span of time; facts stay as they are. 作業の訂正.

    Reports show what the facts say and what was corrected side by side. It is kept for good, with author and reason,
    and stands in the audit log.
    """
    from yukimichi.reports.corrections import Said, write_correction

    with opened(config) as context:
        zone = context.settings.timezone
        said = Said(vehicle, moment(begin, zone), moment(end, zone), _kind(kind), _treatment(treatment), author, reason)
        correction_id = write_correction(context.database, said)
    say(f"Correction {correction_id} holds from now on. 訂正 {correction_id} を記録しました。")


@app.command("end-correction")
def end_correction(
    correction_id: Annotated[int, typer.Argument(metavar="ID", help="As reports show it. 訂正番号")],
    author: Author,
    reason: Why,
    config: Config = None,
) -> None:
    """End a correction: what the facts say holds again. 訂正の取り消し."""
    from yukimichi.reports.corrections import withdraw

    with opened(config) as context:
        withdraw(context.database, correction_id, author, reason)
    say(f"Correction {correction_id} has ended. 訂正 {correction_id} を取り消しました。")


def _kind(text: str) -> PassKind:
    words = {str(word): word for word in PassKind} | {word.ja: word for word in PassKind}
    if text not in words:
        raise InputError(f"{text!r} is no kind of driving.", hint="Use pass 作業走行 or deadhead 回送.")
    return words[text]


def _treatment(text: str | None) -> Treatment | None:
    words = {str(word): word for word in Treatment} | {word.ja: word for word in Treatment}
    if text is not None and text not in words:
        raise InputError(f"{text!r} is no treatment.", hint=f"Use one of {', '.join(Treatment)}.")
    return None if text is None else words[text]


def register(root: typer.Typer) -> None:
    """Hang the group onto the application."""
    root.add_typer(app, name="report")
