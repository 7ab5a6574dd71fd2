"""Commands of operations: retention, recompute, backup, restore."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from geo.errors import InputError
from geo.timeline import now
from yukimichi.cli.options import Config
from yukimichi.cli.reports import show
from yukimichi.context import opened, secret, settings_of

Json = Annotated[bool, typer.Option("--json", help="Print the report as JSON. JSON で出力")]


def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done only. 実行せず表示")] = False,
    if_due: Annotated[bool, typer.Option("--if-due", help="Only if the daily run is due. 一日一回だけ実行")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Move old fixes into the archive, and delete what the archive need not keep. 保存期間を過ぎた測位点を整理.

    The service does it once a day by itself; `retention` in config.yml says after how many days and years.
    """
    from yukimichi.archive_expiry import expire
    from yukimichi.progress import stage
    from yukimichi.retention import make_plan, run, run_due

    with opened(config) as context:
        at = now()
        if dry_run:
            plan = make_plan(context, at)
            over = expire(context.database, context.settings, at, dry_run=True)
            show({"plan": plan, "would_delete": over}, as_json=as_json)
            return
        with stage("Retention 保存期間") as step:
            report = run_due(context, at) if if_due else run(context, at, step)
    show(report or {"is_due": False}, as_json=as_json)


def recompute(
    first: Annotated[str, typer.Option("--from", help="First UTC day, such as 2026-01-18. 最初の日")],
    last: Annotated[str | None, typer.Option("--to", help="Last UTC day; the first one if left out. 最後の日")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Work out the facts of past days again, from the archive too. 過去の実績を再計算.

    With the matcher and the roads of today; without a change of either nothing is written. New facts supersede old
    ones, which stay readable as what was known then.
    """
    from yukimichi.archive_recompute import recompute as run
    from yukimichi.pipeline import World, refresh
    from yukimichi.progress import stage

    days = [_day(text) for text in (first, last or first)]
    with opened(config) as context:
        with stage("Recomputation 再計算") as step:
            report = run(context, days[0], days[1], now(), step)
        refresh(context.database, context.settings, secret(context.settings), now(), World())
    show(report, as_json=as_json)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is no day.", hint="Write it like 2026-01-18.") from error


def backup(
    dest: Annotated[Path, typer.Argument(help="A folder that does not exist yet. 新しいフォルダ")],
    with_archive: Annotated[
        bool,
        typer.Option("--with-archive", help="The archived fixes too, not only their manifests. 保管庫も含める"),
    ] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Write database, secret, networks and settings into a folder; the service may run. バックアップ.

    The folder holds positions of vehicles and the secret behind public ids: keep it as safe as the service itself.
    """
    from yukimichi.backup import backup as run
    from yukimichi.progress import stage

    with opened(config) as context, stage("Backup バックアップ") as step:
        report = run(context, dest, config or Path("config.yml"), now(), with_archive=with_archive, progress=step)
    show(report, as_json=as_json)


def restore(
    source: Annotated[Path, typer.Argument(help="The folder of a backup. バックアップのフォルダ")],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Bring a backup back into an empty place, and compare every table with it. バックアップから復元.

    config.yml is not touched: the backup's own lies in its folder.
    """
    from yukimichi.backup import restore as run
    from yukimichi.cluster import open_database
    from yukimichi.debian import find_or_install
    from yukimichi.progress import say, stage

    settings = settings_of(config)
    url, role_urls = settings.database.url, settings.database.role_urls
    database, cluster = open_database(settings.home, lambda: find_or_install(say), url, role_urls)
    try:
        with stage("Restore 復元") as step:
            report = run(database, settings.home, source, step)
    finally:
        if cluster is not None:
            cluster.stop()
    show(report, as_json=as_json)


def register(app: typer.Typer) -> None:
    """Hang the commands of this file onto the application."""
    app.command("retention")(retention)
    app.command("recompute")(recompute)
    app.command("backup")(backup)
    app.command("restore")(restore)
