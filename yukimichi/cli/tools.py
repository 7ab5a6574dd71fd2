"""Commands beside the service: simulate a storm, generate the demo's files."""

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


def register(app: typer.Typer) -> None:
    """Hang the commands of this file onto the application."""
    app.command("simulate")(simulate)
    app.command("demo")(demo)
