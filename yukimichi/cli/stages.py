"""Commands of the stages: refresh, cover, publish, and events."""

from __future__ import annotations

from typing import Annotated

import typer

from geo.errors import InputError
from geo.vocabulary import EventKind
from yukimichi.cli.options import AsOf, Config, moment
from yukimichi.cli.reports import show
from yukimichi.context import opened, secret

Json = Annotated[bool, typer.Option("--json", help="Print the report as JSON. JSON で出力")]


def refresh(as_of: AsOf = None, as_json: Json = False, config: Config = None) -> None:
    """Bring everything up to date: network, plans, matching, states, publishing. すべての段階を更新.

    Each stage is idempotent: without news it changes nothing.
    """
    from yukimichi.pipeline import World, network_summary
    from yukimichi.pipeline import refresh as run

    with opened(config) as context:
        at = moment(as_of, context.settings.timezone)
        done = run(context.database, context.settings, secret(context.settings), at, World())
    show(
        {
            "network": network_summary(done.network),
            "plans": done.plans,
            "matched": done.match,
            "lines": done.lines,
            "states": done.status,
            "published": done.published,
        },
        as_json=as_json,
    )


def cover(as_of: AsOf = None, as_json: Json = False, config: Config = None) -> None:
    """States of all carriageways from the facts, for now or another moment. 除雪範囲と状態を計算."""
    from geo.store.status import refresh_status
    from yukimichi.pipeline import current_network

    with opened(config) as context:
        at = moment(as_of, context.settings.timezone)
        network = current_network(context.database, context.settings)
        report = refresh_status(context.database, network, context.settings.states, at)
    show(report, as_json=as_json)


def publish(as_of: AsOf = None, as_json: Json = False, config: Config = None) -> None:
    """Publish facts and states. 公開用の表を更新."""
    from yukimichi.pipeline import publish_all

    with opened(config) as context:
        at = moment(as_of, context.settings.timezone)
        report = publish_all(context.database, context.settings, secret(context.settings), at)
    show(report, as_json=as_json)


events = typer.Typer(no_args_is_help=True, help="Storms and callouts, which states are relative to. 降雪・出動。")


@events.command("open")
def open_event(
    name: Annotated[str, typer.Argument(help="Name, e.g. '2026-01-18 大雪'. 名称")],
    kind: Annotated[str, typer.Option(help="storm or callout. 種別")] = "storm",
    at: Annotated[str | None, typer.Option(help="Reference time; passes before it do not count. 基準時刻")] = None,
    config: Config = None,
) -> None:
    """Open a storm or a callout; states are relative to the newest open one. 事象を開始."""
    from geo.store.events import open_event as run

    if kind not in set(EventKind):
        raise InputError(f"{kind!r} is no kind of event.", hint=f"Use one of {', '.join(EventKind)}.")
    with opened(config) as context:
        event = run(context.database, EventKind(kind), name, moment(at, context.settings.timezone))
    show(event, as_json=False)


@events.command("close")
def close_event(
    event_id: Annotated[int, typer.Argument(help="Id, as `event list` shows it.")],
    at: Annotated[str | None, typer.Option(help="When it ended; now if left out. 終了時刻")] = None,
    config: Config = None,
) -> None:
    """Close an event. 事象を終了."""
    from geo.store.events import close_event as run

    with opened(config) as context:
        run(context.database, event_id, moment(at, context.settings.timezone))


@events.command("list")
def list_events(as_json: Json = False, config: Config = None) -> None:
    """List events, the newest first. 事象の一覧."""
    from geo.db import Role, read_sql

    with opened(config) as context, context.database.connect(Role.ENGINE) as connection:
        rows = connection.execute(read_sql("yukimichi", "list_events")).fetchall()
    names = ("event_id", "kind", "name", "reference_at", "closed_at", "is_synthetic")
    show({"events": [dict(zip(names, row, strict=True)) for row in rows]}, as_json=as_json)


def register(app: typer.Typer) -> None:
    """Hang the commands of this file onto the application."""
    app.command("refresh")(refresh)
    app.command("cover")(cover)
    app.command("publish")(publish)
