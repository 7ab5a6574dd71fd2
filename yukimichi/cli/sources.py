"""`yukimichi source …`, `yukimichi key …` and `yukimichi audit`: who may write and read, and what was done about it."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from yukimichi import keys
from yukimichi.cli.options import Config, moment
from yukimichi.cli.reports import plain
from yukimichi.context import opened
from yukimichi.progress import say

sources = typer.Typer(
    no_args_is_help=True,
    help="Sources of live positions, and their keys. 測位点を送るデータ源と鍵。\n\n"
    "A source sends with its own key, and only vehicles of its own. A key is shown once and stored hashed. Each of "
    "these commands writes a line into the audit log.",
)
readers = typer.Typer(no_args_is_help=True, help="Keys for reading what is not public. 非公開データの閲覧用の鍵。")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the source, as in config.yml. データ源の名前")]
Days = Annotated[float | None, typer.Option(min=0.001, help="Days until it ends by itself. 有効期間（日）")]
Json = Annotated[bool, typer.Option("--json", help="Print the report as JSON. JSON で出力")]


def _show_key(new: keys.NewKey, text: str) -> None:
    """The key alone on standard output, so that a script can take it; what to do with it beside that."""
    say(text)
    typer.echo(new.key)
    say("It is shown this once. Send it as `Authorization: Bearer KEY`. 鍵は二度と表示されません。")


def _show_rows(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    """Rows as JSON, or a line each."""
    if as_json:
        typer.echo(json.dumps(plain(rows), ensure_ascii=False, indent=2))
        return
    for row in plain(rows):
        shown = (
            f"{key} {json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value}"
            for key, value in row.items()
            if value not in (None, False, {})
        )
        typer.echo("  ".join(shown))


@sources.command("add")
def add(
    name: Name,
    probes: Annotated[
        bool, typer.Option("--probes", help="It may send positions of other vehicles too. 一般車両の位置も送れる")
    ] = False,
    config: Config = None,
) -> None:
    """Register a source by its settings in config.yml, and print its key. データ源を登録し鍵を発行する."""
    with opened(config) as context:
        new = keys.add_source(context.database, context.settings, name, has_probes=probes)
        if name not in context.settings.sources:
            say(f"config.yml has no source {name}: its defaults apply, and times need an offset.")
    _show_key(new, f"The key of source {name}:")


@sources.command("rotate")
def rotate(
    name: Name,
    overlap: Annotated[
        float, typer.Option(min=0, help="Minutes that the former key still holds; 0: it ends at once. 旧鍵の猶予（分）")
    ] = 0.0,
    config: Config = None,
) -> None:
    """A new key for a source; the former one ends. 鍵を交換する."""
    with opened(config) as context:
        new = keys.rotate_source(context.database, name, overlap_s=overlap * 60)
    _show_key(new, f"The new key of source {name}:")


@sources.command("revoke")
def revoke(name: Name, config: Config = None) -> None:
    """End every key of a source at once; running servers refuse it within a second. 鍵を失効させる."""
    with opened(config) as context:
        ended = keys.revoke_source(context.database, name)
    say(f"{len(ended)} key(s) of source {name} revoked. 失効しました。")


@sources.command("list")
def list_sources(as_json: Json = False, config: Config = None) -> None:
    """Registered sources, their vehicles and whether they have a key. データ源の一覧."""
    with opened(config) as context:
        _show_rows(keys.list_sources(context.database), as_json=as_json)


@readers.command("add")
def add_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is for. 鍵の名前")],
    scope: Annotated[str, typer.Option(help="manager, contractor, admin or public. 権限")],
    of: Annotated[str | None, typer.Option(help="Whose: the manager or the contractor. 管理者・受託者の名前")] = None,
    days: Days = None,
    config: Config = None,
) -> None:
    """Print a new key for reading. 閲覧用の鍵を発行する."""
    with opened(config) as context:
        new = keys.add_key(context.database, name, scope, of, days)
    _show_key(new, f"The key {name}:")


@readers.command("rotate")
def rotate_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, or its id. 鍵の名前か番号")],
    overlap: Annotated[
        float, typer.Option(min=0, help="Minutes that the former key still holds; 0: it ends at once. 旧鍵の猶予（分）")
    ] = 0.0,
    days: Days = None,
    config: Config = None,
) -> None:
    """A new key with the same reach; the former one ends. 閲覧用の鍵を交換する."""
    with opened(config) as context:
        new = keys.rotate_key(context.database, name, overlap_s=overlap * 60, valid_days=days)
    _show_key(new, f"The new key {name}:")


@readers.command("list")
def list_keys(
    everything: Annotated[bool, typer.Option("--all", help="Also those that ended. 失効した鍵も")] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Keys, those of sources too; never the keys themselves. 鍵の一覧."""
    with opened(config) as context:
        rows = [plain(row) for row in keys.read_keys(context.database, all_keys=everything)]
    _show_rows(rows, as_json=as_json)


@readers.command("revoke")
def revoke_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, or its id. 鍵の名前か番号")],
    config: Config = None,
) -> None:
    """End a key at once. 鍵を失効させる."""
    with opened(config) as context:
        ended = keys.revoke_key(context.database, name)
    say(f"Key {', '.join(map(str, ended))} revoked. 失効しました。")


def audit(
    limit: Annotated[int, typer.Option(min=1, help="So many of the newest lines. 件数")] = 50,
    key: Annotated[str | None, typer.Option(help="Only what this key did: its name or id. 鍵の名前か番号")] = None,
    action: Annotated[
        str | None, typer.Option(help="Only this: read, refused, key_add, order place, … 行為の種類")
    ] = None,
    since: Annotated[str | None, typer.Option(help="Only from this time on. この時刻以降")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Who did what, which key read what, and what was refused, the newest first. 監査記録."""
    with opened(config) as context:
        from_at = None if since is None else moment(since, context.settings.timezone)
        rows = keys.read_audit(context.database, limit, key=key, action=action, since=from_at)
    _show_rows(rows, as_json=as_json)


def purge_probes(config: Config = None) -> None:
    """Delete other vehicles' positions that are older than 23 hours. 一般車両の位置を削除する."""
    from geo.timeline import now
    from ingest.probes import purge_probes as purge

    with opened(config) as context:
        n = purge(context.database, now())
    say(f"{n} positions of other vehicles deleted. 削除しました。")


def register(app: typer.Typer) -> None:
    """Hang the commands of this file onto the application."""
    app.add_typer(sources, name="source")
    app.add_typer(readers, name="key")
    app.command("audit")(audit)
    app.command("purge-probes")(purge_probes)
