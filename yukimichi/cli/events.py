"""`yukimichi event …`: storms and callouts by hand. Nothing is overwritten; a correction is a new row."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from geo.errors import InputError
from geo.vocabulary import EventKind
from yukimichi.cli.options import Config, moment
from yukimichi.cli.reports import show
from yukimichi.context import opened

app = typer.Typer(no_args_is_help=True, help="Storms and callouts, which states are relative to. 降雪・出動。")

Json = Annotated[bool, typer.Option("--json", help="Print the report as JSON. JSON で出力")]
Id = Annotated[int, typer.Argument(help="Id, as `event list` shows it. 事象番号")]
Area = Annotated[
    str | None,
    typer.Option(help="Whom a callout called out, e.g. manager=municipality, office=…, section=… 出動の対象"),
]


def area_of(text: str | None) -> tuple[str, str] | None:
    """KIND=NAME of an area. Raises InputError for anything else."""
    if text is None:
        return None
    kind, separator, name = text.partition("=")
    if not separator or not name:
        raise InputError(f"{text!r} is no area.", hint="Write it like office=県央土木.")
    return kind, name


@app.command("open")
def open_event(
    name: Annotated[str, typer.Argument(help="Name, e.g. '2026-01-18 大雪'. 名称")],
    kind: Annotated[str, typer.Option(help="storm or callout. 種別")] = "storm",
    at: Annotated[str | None, typer.Option(help="Reference time; passes before it do not count. 基準時刻")] = None,
    area: Area = None,
    config: Config = None,
) -> None:
    """Open a storm or a callout; states are relative to the newest open one. 事象を開始.

    One for an area steps behind one for everybody. 対象を限った事象より全体の事象が優先.
    """
    from geo.store.events import open_event as run

    if kind not in set(EventKind):
        raise InputError(f"{kind!r} is no kind of event.", hint=f"Use one of {', '.join(EventKind)}.")
    with opened(config) as context:
        begin = moment(at, context.settings.timezone)
        event = run(context.database, EventKind(kind), name, begin, area=area_of(area))
    show(event, as_json=False)


@app.command("close")
def close_event(
    event_id: Id,
    at: Annotated[str | None, typer.Option(help="When it ended; now if left out. 終了時刻")] = None,
    config: Config = None,
) -> None:
    """Close an event. 事象を終了."""
    from geo.store.events import close_event as run

    with opened(config) as context:
        run(context.database, event_id, moment(at, context.settings.timezone))


@app.command("amend")
def amend_event(
    event_id: Id,
    name: Annotated[str | None, typer.Option(help="New name. 新しい名称")] = None,
    begin: Annotated[str | None, typer.Option(help="New reference time. 新しい基準時刻")] = None,
    end: Annotated[str | None, typer.Option(help="New end; 'open': it goes on. 新しい終了時刻")] = None,
    config: Config = None,
) -> None:
    """Correct an event by a new row; what was known before stays on record. 事象を訂正."""
    from geo.store.events import amend_event as run

    with opened(config) as context:
        zone = context.settings.timezone
        changes: dict[str, Any] = {} if name is None else {"name": name}
        if begin is not None:
            changes["reference_at"] = moment(begin, zone)
        if end is not None:
            changes["closed_at"] = None if end == "open" else moment(end, zone)
        if not changes:
            raise InputError("Nothing to correct.", hint="Give --name, --begin or --end.")
        event = run(context.database, event_id, **changes)
    show(event, as_json=False)


@app.command("list")
def list_events(
    is_all: Annotated[bool, typer.Option("--all", help="Rows that were corrected too. 訂正前も含む")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List events, the newest first. 事象の一覧."""
    from geo.db import Role, read_sql

    with opened(config) as context, context.database.connect(Role.ENGINE) as connection:
        rows = connection.execute(read_sql("yukimichi", "list_events"), {"is_all": is_all}).fetchall()
    names = (
        "event_id", "kind", "name", "reference_at", "closed_at", "area_kind", "area", "depth_cm", "is_synthetic",
        "amends_event_id", "recorded_at", "superseded_at",
    )  # fmt: skip
    show({"events": [dict(zip(names, row, strict=True)) for row in rows]}, as_json=as_json)
