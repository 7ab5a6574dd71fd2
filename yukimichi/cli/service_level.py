"""`yukimichi report service-level` and `yukimichi kpi`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from geo.errors import InputError
from geo.timeline import now
from yukimichi.cli import report
from yukimichi.cli.options import Config, moment
from yukimichi.cli.reports import show

Json = Annotated[bool, typer.Option("--json", help="Print the report as JSON. JSON で出力")]
EventId = Annotated[
    int | None, typer.Option("--event", help="Event, as `event list` shows it; the present one if left out. 事象")
]


@report.app.command("service-level")
def service_level(
    at: Annotated[str | None, typer.Option("--at", help="Moment; the end of the event, or now. 時点")] = None,
    event: EventId = None,
    by: Annotated[
        str, typer.Option(help="route, section, contractor, manager, office, edge or plan. 集計の単位")
    ] = "route",
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Write the rows as CSV. CSV ファイル")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Level of service: what was open by its target, late, missed, at risk or unknown. 除雪水準の達成状況.

    By plan: planned passes against what was driven. 計画作業と実績の対比。
    """
    from yukimichi.context import opened
    from yukimichi.service_lines import lines
    from yukimichi.service_report import make_report, to_csv

    with opened(config) as context:
        asked = None if at is None else moment(at, context.settings.timezone)
        found = make_report(context, by, event, asked, now())
    if csv_file is not None:
        csv_file.write_bytes(to_csv(found.rows))
    if as_json:
        show(found, as_json=True)
        return
    for line in lines(found):
        typer.echo(line)


def kpi(
    event: EventId = None,
    day: Annotated[
        str | None, typer.Option("--date", help="Local day, e.g. 2026-01-18, in place of an event. 日")
    ] = None,
    at: Annotated[str | None, typer.Option("--at", help="Up to this moment of the event. 時点")] = None,
    by: Annotated[str, typer.Option(help="manager, office, municipality or route. 集計の単位")] = "manager",
    from_fixes: Annotated[
        bool, typer.Option("--from-fixes", help="Work it out again from raw fixes and compare. 測位点から再計算")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Canonical JSON: the same facts, the same bytes.")] = False,
    config: Config = None,
) -> None:
    """Visualisation rate: plough routes in the network, tracked, observed. 除雪路線の網羅率."""
    from yukimichi import kpi as run
    from yukimichi.context import opened
    from yukimichi.progress import say, stage

    with opened(config) as context:
        zone = context.settings.timezone
        span = run.span_of(context, event, _day(day), None if at is None else moment(at, zone), now())
        if from_fixes:
            with stage("From fixes 測位点から") as step:
                found = run.from_fixes(context, span, step)
            say(f"Fixes and facts give the same bytes: sha256 {found.sha256}")
        else:
            found = run.from_facts(context, span)
    if as_json:
        typer.echo(found.content.decode(), nl=False)
        return
    for line in run.lines(found, by):
        typer.echo(line)


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is no day.", hint="Write it like 2026-01-18.") from error


def register(app: typer.Typer) -> None:
    """Hang `kpi` onto the application; `service-level` hangs on the group of reports."""
    app.command("kpi")(kpi)
