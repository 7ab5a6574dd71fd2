"""`yukimichi`: the command line. Errors end with one message, its next step, and the exit code of geo/errors.py."""

from __future__ import annotations

import sys

import typer

from geo.errors import YukiError, exit_code
from yukimichi.cli import (
    disputes,
    events,
    export,
    feeds,
    history,
    ingest,
    managers,
    operations,
    orders,
    places,
    prices,
    rasters,
    report,
    search,
    service,
    service_level,
    sources,
    stages,
    status,
    tools,
    vehicles,
    weather,
)
from yukimichi.progress import console

app = typer.Typer(
    name="yukimichi",
    help="Snow removal, from plough GPS to an honest map. 除雪車の測位データから正直な地図へ。",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
service.register(app)
vehicles.register(ingest.app)
weather.register(ingest.app, events.app)
prices.register(ingest.app)
rasters.register(app, ingest.app)
places.register(ingest.app)
managers.register(ingest.app)
orders.register(app, ingest.app)
app.add_typer(ingest.app, name="ingest")
stages.register(app)
app.add_typer(disputes.app, name="disputes")
app.add_typer(events.app, name="event")
app.add_typer(history.app, name="history")
app.add_typer(export.app, name="export")
app.add_typer(search.app, name="search")
tools.register(app)
feeds.register(app)
status.register(app)
sources.register(app)
operations.register(app)
report.register(app)
service_level.register(app)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    try:
        app()
    except YukiError as error:
        console.print(f"Error: {error.message}", style="bold red", markup=False, soft_wrap=True)
        if error.hint:
            console.print(f"Next:  {error.hint}", markup=False, soft_wrap=True)
        sys.exit(exit_code(error))
    except KeyboardInterrupt:
        console.print(
            "Stopped. What was committed is kept; the same command goes on from there.", markup=False, soft_wrap=True
        )
        sys.exit(130)


if __name__ == "__main__":
    main()
