"""Commands of the stages: refresh, cover, publish, and events."""

from __future__ import annotations

from typing import Annotated

import typer

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


def register(app: typer.Typer) -> None:
    """Hang the commands of this file onto the application."""
    app.command("refresh")(refresh)
    app.command("cover")(cover)
    app.command("publish")(publish)
