"""`yukimichi disputes …`: what people say is wrong on the map, and what is decided about it."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from geo.errors import InputError
from geo.timeline import in_zone, now
from layers.columns_disputes import Decision, StateSeen
from yukimichi.cli.options import Config
from yukimichi.cli.reports import show
from yukimichi.context import opened

app = typer.Typer(
    no_args_is_help=True,
    help="What people say is wrong on the map: list, decide, export. 「表示が違う」という知らせの一覧・判断・出力。",
)
Json = Annotated[bool, typer.Option("--json", help="Print as JSON. JSON で出力")]


@app.command("list")
def list_(
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those not decided. 判断待ちのみ")] = False,
    days: Annotated[int, typer.Option("--days", min=1, help="Of so many days. 日数")] = 14,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many. 最大件数")] = 100,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """List disputes, the newest first. 異議を一覧する."""
    from yukimichi.disputes import as_json as written
    from yukimichi.disputes import read_disputes

    with opened(config) as context:
        since = now() - timedelta(days=days)
        rows = read_disputes(context.database, since=since, waiting_only=waiting, most=limit)
        zone = context.settings.timezone
    if as_json:
        typer.echo(written(rows).decode())
        return
    for row in rows:
        typer.echo(_line(row, zone))
    if not rows:
        typer.echo("No dispute. 異議はありません。")


def _line(row: dict[str, Any], zone: str) -> str:
    road = row["name"] or row["route"] or f"edge {row['edge_id']}"
    decided = "waits 判断待ち" if row["decision"] is None else f"{row['decision']} {Decision(row['decision']).ja}"
    comment = (row["comment"] or "").replace("\n", " ")
    return (
        f"{row['dispute_id']}  {in_zone(row['received_at'], zone):%m-%d %H:%M}  {road} ({row['direction']})  "
        f"{row['state_seen']} {StateSeen(row['state_seen']).ja} / {row['shown_state']}  [{decided}]"
        f"{' photo 写真' if row['has_photo'] else ''}  {comment}"
    ).rstrip()


@app.command("decide")
def decide(
    dispute_id: Annotated[int, typer.Argument(help="Its number. 受付番号")],
    decision: Annotated[str, typer.Argument(help=f"{', '.join(Decision)}. 判断")],
    reason: Annotated[str, typer.Option("--reason", help="Why; the sender reads it. 理由（送った人に見える）")],
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Decide a dispute; it changes no state. 異議を判断する（状態は変わらない）."""
    from tiles.disputes_queue import read_verdict
    from yukimichi.disputes import decide as run

    verdict = read_verdict({"decision": decision, "reason": reason})
    with opened(config) as context:
        decision_id = run(context.database, dispute_id, verdict, now())
    show({"decision_id": decision_id, "number": dispute_id, "decision": verdict.decision.value}, as_json=as_json)


@app.command("export")
def export(
    file: Annotated[Path | None, typer.Option("--to", help="A file; left out: standard output. 出力先")] = None,
    form: Annotated[str, typer.Option("--format", help="csv or json. 形式")] = "csv",
    days: Annotated[int | None, typer.Option("--days", min=1, help="Of so many days; left out: all. 日数")] = None,
    config: Config = None,
) -> None:
    """Export disputes with what was shown and decided, without photos. 異議を書き出す（写真を除く）."""
    from yukimichi.disputes import as_csv, as_json, read_disputes

    if form not in ("csv", "json"):
        raise InputError(f"--format {form!r} is none of csv, json.")
    with opened(config) as context:
        since = None if days is None else now() - timedelta(days=days)
        rows = read_disputes(context.database, since=since)
    content = as_csv(rows) if form == "csv" else as_json(rows)
    if file is None:
        sys.stdout.buffer.write(content)
        return
    file.write_bytes(content)
    typer.echo(f"{len(rows)} disputes in {file}. {len(rows)}件を書き出しました。")
