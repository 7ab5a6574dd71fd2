"""`yukimichi status`: how the service is, on one page, for people in two languages or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from geo.timeline import in_zone, now
from geo.vocabulary import DeviceReason, State
from yukimichi.cli.options import Config
from yukimichi.cli.reports import plain
from yukimichi.context import settings_of

if TYPE_CHECKING:
    from geo.store.devices import DeviceRow
    from yukimichi.status import Status

#: EX_UNAVAILABLE of sysexits.h: the database does not answer.
UNAVAILABLE = 69


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print the page as JSON. JSON で出力")] = False,
    devices: Annotated[int, typer.Option(min=0, help="Sick devices listed at most. 表示する端末数")] = 20,
    config: Config = None,
) -> None:
    """Show how the service is: server, workers, states, sick devices, sources. 稼働状況を表示する.

    Starts and changes nothing. Ends with 69 where the database does not answer or is not up to date.
    """
    from yukimichi.status import look

    settings = settings_of(config)
    page = look(settings, now())
    if as_json:
        typer.echo(json.dumps(plain(page), ensure_ascii=False, indent=2))
    else:
        for line in _page(page, settings.timezone, devices):
            typer.echo(line)
    if not page.is_up:
        raise typer.Exit(UNAVAILABLE)


def _page(page: Status, zone: str, n_devices: int) -> Iterator[str]:
    server = page.server
    yield f"Server サーバ         {server.state}, {server.address}" + (f" ({server.detail})" if server.detail else "")
    yield f"Database データベース {page.database}"
    if not page.is_up:
        return
    yield from _published(page, zone)
    yield from _work(page, zone)
    yield from _devices(page, zone, n_devices)
    yield from _sources(page, zone)


def _published(page: Status, zone: str) -> Iterator[str]:
    if page.published is None:
        yield "Published 公開        nothing yet; `yukimichi publish`"
        return
    published = page.published
    yield f"Event 事象            {published['event_name']} since {_clock(published['reference_at'], zone)}"
    yield f"Published 公開        {_ago(published['published_at'], page.at)}, network {published['network_version']}"
    states = (f"{State(state).ja} {state} {n:,}" for state, n in sorted(page.edges.items()))
    yield f"Edges リンク          {', '.join(states)}"
    yield f"Ploughs 除雪車        {published['n_ploughs']} shown to the public"


def _work(page: Status, zone: str) -> Iterator[str]:
    newest = page.newest
    came = "none ever came" if newest is None else f"{_ago(newest['received_at'], page.at)}, no. {newest['position']:,}"
    yield f"Newest batch 最新受信 {came}"
    for stage in page.stages:
        waits = f"{stage['n_waiting']:,} batches wait, the oldest for {_span(stage['lag_s'] or 0)}"
        yield f"Stage 処理            {stage['stage']}: {waits if stage['n_waiting'] else 'up to date'}"
    for worker in page.workers:
        heard, since = _ago(worker["beat_at"], page.at), _clock(worker["started_at"], zone)
        rounds = f"{worker['n_rounds']:,} rounds, the last {worker['round_s']:.2f} s"
        counts = f"{worker['n_fixes']:,} fixes, {worker['n_failures']:,} failures"
        yield f"Worker 処理プロセス   {worker['worker']}: heard {heard}, {rounds}, {counts} since {since}"
    if not page.workers:
        yield "Worker 処理プロセス   none was ever heard; `yukimichi work` or `yukimichi up` runs one"


def _devices(page: Status, zone: str, n_most: int) -> Iterator[str]:
    devices = page.devices
    yield f"Devices 端末          {devices.n:,}, {devices.n_sick:,} of them sick 不調"
    for reason, n in devices.by_reason.items():
        yield f"  {n:>6,}  {reason:16} {DeviceReason(reason).ja}"
    for row in devices.sick[:n_most]:
        yield f"  - {_device(row, page.at, zone)}"
    if devices.n_sick > n_most:
        yield f"  … and {devices.n_sick - n_most:,} more; `--devices {devices.n_sick}` or --json lists them"


def _device(row: DeviceRow, at: datetime, zone: str) -> str:
    heard = (
        "never heard" if row.last_fix_at is None else f"{_clock(row.last_fix_at, zone)}, {_ago(row.last_fix_at, at)}"
    )
    parts = [f"{row.source}/{row.vehicle}", heard]
    if row.cadence_s is not None:
        agreed = "" if row.agreed_cadence_s is None else f" of {row.agreed_cadence_s:g}"
        parts.append(f"every {row.cadence_s:g}{agreed} s")
    if row.clock_skew_s is not None:
        parts.append(f"clock {row.clock_skew_s:+.1f} s")
    words = ", ".join(f"{word} {word.ja}" for word in row.reasons)
    return f"{'; '.join(parts)}: {words}"


def _sources(page: Status, zone: str) -> Iterator[str]:
    if page.sources is None:
        yield "Sources データ源      too many fixes to count"
    for row in page.sources or ():
        heard = "never" if row["last_received_at"] is None else _ago(row["last_received_at"], page.at)
        yield f"Source データ源       {row['source']}: {row['n_vehicles']:,} vehicles, heard {heard}, " + (
            f"{row['n_fixes']:,} fixes of the last hour"
        )
    for row in page.rejects or ():
        yield f"Quarantined 保留      {row['source']}: {row['n']:,} {row['reason']} in the last hour"
    for row in page.polls:
        last = "never" if row["succeeded_at"] is None else _ago(row["succeeded_at"], page.at)
        failed = f", {row['n_failures']} failures since: {row['error']}" if row["n_failures"] else ""
        yield f"Feed 取得             {row['source']}: fetched {last}{failed}"


def _clock(moment: datetime, zone: str) -> str:
    return in_zone(moment, zone).strftime("%m-%d %H:%M:%S")


def _ago(moment: datetime, at: datetime) -> str:
    return f"{_span((at - moment).total_seconds())} ago"


def _span(seconds: float) -> str:
    """A span in one unit that suits it; one below zero (a clock that is ahead) in seconds."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} d"


def register(app: typer.Typer) -> None:
    """Hang the command onto the application."""
    app.command("status")(status)
