"""Commands beside the service: simulate a storm, generate the demo's files, match from file to file."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from yukimichi.cli.options import AsOf, Config, moment
from yukimichi.cli.reports import show
from yukimichi.context import opened


def simulate(
    source: Annotated[str, typer.Option(help="Source under which the fixes come in. データ源")] = "demo",
    hours: Annotated[float, typer.Option(help="Length of the storm. 時間数")] = 6.0,
    ending_at: AsOf = None,
    seed: Annotated[int, typer.Option(help="Same seed, same storm. 乱数の種")] = 1,
    share: Annotated[float, typer.Option(min=0.01, max=1.0, help="Part of the machines that go out. 出動割合")] = 1.0,
    vehicles: Annotated[int, typer.Option(help="Ploughs on a network without plans. 計画がない場合の台数")] = 40,
    live: Annotated[
        float | None, typer.Option(help="Play the rest of the storm, at up to so many times its pace. 再生速度")
    ] = None,
    config: Config = None,
) -> None:
    """Drive ploughs through a synthetic storm, with the noise of real units. 合成の降雪を走らせる.

    Works on any network that was ingested. Without --live the whole storm is simulated and taken in at once, ending at
    --as-of or now; its truth is written to truth.parquet beside its fixes. With --live the storm that is under
    way goes on (a new one starts if there is none): fixes keep their true times, a backlog is sent at the given pace,
    then the clock's.
    """
    from yukimichi.demo_load import synthetic_source
    from yukimichi.pipeline import current_network
    from yukimichi.player import play, send_until
    from yukimichi.progress import stage
    from yukimichi.storm import Wish, folder_of, make_storm, read_state

    with opened(config) as context:
        settings = context.settings
        state = read_state(settings)
        length = timedelta(hours=hours)
        end = moment(ending_at, settings.timezone)
        if live is None or state is None or state.is_over:
            network = current_network(context.database, settings)
            begins_at = end - length if live is None else end
            wish = Wish(begins_at, begins_at + length, seed, share, vehicles)
            state = make_storm(context, network, source, wish)
        if live is not None:
            play(context, synthetic_source(context, state.source), live)
            return
        with stage("Fixes 測位点"):
            loaded = send_until(context, synthetic_source(context, source), end + timedelta(seconds=1))
    show({"storm": state, "fixes": loaded, "files": str(folder_of(settings))}, as_json=False)


def demo(
    folder: Annotated[Path, typer.Argument(help="Where to write the files. 出力先")],
    edges: Annotated[int, typer.Option(help="Number of directed edges, e.g. 200000 or 400000. リンク数")] = 70_000,
    seed: Annotated[int, typer.Option(help="Same seed, same prefecture. 乱数の種")] = 20260101,
) -> None:
    """Generate the files of a synthetic prefecture, of any size. 合成の県を生成する."""
    from yukimichi.demo import generate_demo

    files = generate_demo(folder, n_edges=edges, seed=seed)
    show(files, as_json=False)


def match(
    roads: Annotated[Path, typer.Option(help="Road file, as `ingest roads` reads it. 道路")],
    fixes: Annotated[Path, typer.Option(help="Fix file, as `ingest fixes` reads it. 測位点")],
    out: Annotated[Path, typer.Option(help="Traversals, .parquet or .csv. 通過区間の出力先")],
    out_fixes: Annotated[Path | None, typer.Option(help="One row for each fix used. 測位点ごとの出力先")] = None,
    stats: Annotated[Path | None, typer.Option(help="Counts and seconds as JSON. 統計の出力先")] = None,
    every: Annotated[float, typer.Option(help="Keep one fix in so many seconds; 0 keeps all. 間引き（秒）")] = 0.0,
    threads: Annotated[int, typer.Option(min=1, help="Threads; the result does not depend on it. スレッド数")] = 1,
    crossings: Annotated[bool, typer.Option(help="Split roads where they cross. 交差で分割")] = False,
    timezone: Annotated[str | None, typer.Option(help="Zone of times without an offset. 時刻の地域")] = None,
    online: Annotated[
        int | None, typer.Option(min=0, help="Write what was known LAG fixes later, fix by fix. 逐次照合の遅れ（点数）")
    ] = None,
) -> None:
    """Match a file of fixes to a file of roads, without a database. ファイルからファイルへの照合.

    With --online LAG the fixes come one by one, as they do to a running service: each row of --out-fixes is what was
    known of its fix when LAG more of the trace had come (0: at once), and so are the stretches of --out.
    """
    from geo.settings import SourceSettings
    from yukimichi.match_files import MatchFilesWish, match_files

    wish = MatchFilesWish(
        roads,
        fixes,
        out,
        out_fixes,
        stats,
        every,
        threads,
        "crossings" if crossings else "endpoints",
        online_lag=online,
    )
    show(match_files(wish, fixes_source=SourceSettings(timezone=timezone)), as_json=True)


def register(app: typer.Typer) -> None:
    """Hang the commands of this file onto the application."""
    app.command("simulate")(simulate)
    app.command("demo")(demo)
    app.command("match")(match)
