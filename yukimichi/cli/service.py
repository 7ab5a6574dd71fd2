"""Commands that run the service: up, serve, work, doctor, clean-data."""

from __future__ import annotations

from typing import Annotated

import typer

from geo.errors import EnvironmentProblem, InputError
from yukimichi.cli.options import Config
from yukimichi.context import settings_of
from yukimichi.progress import console, say


def up(
    config: Config = None,
    live: Annotated[
        float, typer.Option(help="Pace at which the storm's backlog is played; 0: not at all. 合成降雪の再生速度")
    ] = 10.0,
    demo: Annotated[
        bool, typer.Option(help="Load the synthetic prefecture when there are no roads. デモを読み込む")
    ] = True,
) -> None:
    """Do everything: database, demo, matching, publishing, serving. すべてを起動する.

    Starts the private database if config.yml names no other, migrates it, loads the demo when it has no roads, brings
    all stages up to date, serves, and keeps matching what comes in. Ctrl-C stops all that it started.
    """
    from yukimichi.up import run

    run(config, with_demo=demo, speed=live)


def serve(config: Config = None) -> None:
    """Serve only: no demo, no matching. 公開だけを行う."""
    from yukimichi.serving import run_server

    run_server(config)


def work(
    config: Config = None,
    worker: Annotated[int, typer.Option(help="Which of several workers this is, from 0. 何番目のワーカーか")] = 0,
    of: Annotated[
        int | None, typer.Option(help="How many there are; worker.n_workers of config.yml if left out. ワーカー数")
    ] = None,
) -> None:
    """Keep matching, covering and publishing what comes in, until stopped. 新しい測位点を処理し続ける.

    Each vehicle belongs to one worker; worker 0 also keeps states and the public up to date.
    """
    from yukimichi.worker import run

    n_workers = of or settings_of(config).worker.n_workers
    if not 0 <= worker < n_workers:
        raise InputError(f"There is no worker {worker} of {n_workers}.", hint="Workers count from 0.")
    run(config, worker, n_workers)


def doctor(config: Config = None) -> None:
    """Name what is missing, and the command that mends it. 不足しているものを調べる."""
    from yukimichi.doctor import examine

    ill = 0
    for finding in examine(settings_of(config)):
        mark = "[green]ok  [/green]" if finding.is_well else "[bold red]MEND[/bold red]"
        console.print(f"{mark} {finding.name:10} {finding.detail}")
        if not finding.is_well:
            ill += 1
            console.print(f"     $ {finding.mend}", markup=False)
    if ill:
        raise typer.Exit(69)
    say("Nothing to mend. 問題ありません。")


def clean_data(
    config: Config = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask. 確認しない")] = False,
) -> None:
    """Delete the private database and all that was loaded. すべてのデータを消す."""
    import shutil

    from yukimichi.cluster import remove

    settings = settings_of(config)
    if settings.database.url:
        raise EnvironmentProblem(
            "database.url of config.yml names a database that is not ours to delete.",
            hint="Drop and create that database yourself.",
        )
    if not yes and not typer.confirm(f"Delete all data in {settings.home}?"):
        raise typer.Exit(1)
    remove(settings.home)
    # only what is ours: home may be a folder that holds other things
    for name in ("networks", "demo", "storm", "archive"):
        shutil.rmtree(settings.home / name, ignore_errors=True)
    (settings.home / "secret").unlink(missing_ok=True)
    say(f"All data in {settings.home} is gone. `make run` starts over.")


def register(app: typer.Typer) -> None:
    """Hang the commands of this file onto the application."""
    app.command("up")(up)
    app.command("serve")(serve)
    app.command("work")(work)
    app.command("doctor")(doctor)
    app.command("clean-data")(clean_data)
