"""`yukimichi history …`: the state of all roads at a past moment, as known at another, and what changed of the past."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yukimichi.cli.options import Config, moment
from yukimichi.cli.reports import show
from yukimichi.context import opened

app = typer.Typer(
    no_args_is_help=True, help="Past states, and what changed of the past. 過去の状態と、後から変わったこと。"
)

Json = Annotated[bool, typer.Option("--json", help="Print the report as JSON. JSON で出力")]


@app.command("status")
def status(
    at: Annotated[str | None, typer.Option(help="Moment to ask for; now if left out. 時点")] = None,
    known_at: Annotated[
        str | None, typer.Option("--known-at", help="As it was known then; as known now if left out. 判明時点")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write every edge to FILE.geojson or FILE.csv. 全リンクを書き出す")
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """The state of all roads at any moment, as known at any moment: edges and kilometres by state. 過去の状態.

    The event that held then is the one that states are relative to. amended_at tells when facts of that past changed
    last: by data that came late, by another network.
    """
    from yukimichi.history import PastStatus

    with opened(config) as context:
        zone = context.settings.timezone
        known = None if known_at is None else moment(known_at, zone)
        past = PastStatus.read(context.database, context.settings, moment(at, zone), known)
        if out is not None:
            past.write(out)
    show(past.summary(zone), as_json=as_json)


@app.command("changes")
def changes(
    since: Annotated[str | None, typer.Option(help="Only what changed since then. この時刻以降")] = None,
    most: Annotated[int, typer.Option(min=1, help="How many at most. 最大件数")] = 1000,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """What changed of a past that had been told already: when, of which span and events, why. 過去の状態の再計算."""
    from geo.db import Role
    from geo.store.amendments import read_amendments
    from yukimichi.history import amendment_row

    with opened(config) as context, context.database.connect(Role.ENGINE) as connection:
        zone = context.settings.timezone
        found = read_amendments(connection, None if since is None else moment(since, zone), most)
    show({"changes": [amendment_row(one, zone) for one in found]}, as_json=as_json)


@app.command("prepare")
def prepare(
    check: Annotated[
        bool, typer.Option("--check", help="Compare them with the database, fact by fact. データベースと照合する")
    ] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Bring the volumes of facts up to date that questions about the past are answered from. 過去の照会の準備.

    The first question after a season does it too, and then takes a minute or two for ten million facts.
    """
    from geo.db import Role
    from geo.store.history import open_history

    with opened(config) as context, context.database.connect(Role.ENGINE) as connection:
        history = open_history(context.settings)
        index = history.prepare(connection)
        report: dict[str, object] = {"n_facts": index.n_facts, "n_volumes": len(index.entries)}
        if check:
            report["n_wrong"] = history.check(connection)
    show(report, as_json=as_json)
    if report.get("n_wrong"):
        raise typer.Exit(65)


@app.command("publish")
def publish(
    event_ids: Annotated[list[int] | None, typer.Argument(metavar="[EVENT]…", help="Ids of events. 事象ID")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every event that closed and is not up to date. 終了した全事象")
    ] = False,
    begin: Annotated[
        str | None, typer.Option("--from", help="Only from then on; its begin if left out. この時刻以降")
    ] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Work out the past of events from the facts, as known now, and publish it for replay. 過去の状態の公表.

    For storms that were never live, and for events whose past is not what the facts tell by now; the worker does it by
    itself for those that were. A moment every past.step_min minutes is looked at.
    """
    from yukimichi.history_publish import due_events, publish_event
    from yukimichi.pipeline import current_network
    from yukimichi.progress import stage

    with opened(config) as context:
        network, settings = current_network(context.database, context.settings), context.settings
        since = None if begin is None else moment(begin, settings.timezone)
        wanted = [(event_id, since) for event_id in event_ids or []]
        wanted += due_events(context.database, network, settings, every=True) if every else []
        reports = []
        for event_id, from_at in wanted:
            with stage(f"Event {event_id} 事象") as step:
                reports.append(publish_event(context.database, network, settings, event_id, from_at, step))
        zone = settings.timezone
    show({"events": [report.row(zone) for report in reports]}, as_json=as_json)
