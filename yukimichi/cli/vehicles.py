"""`yukimichi ingest vehicles`: the register of a source's vehicles."""

from __future__ import annotations

import typer

from yukimichi.cli.ingest import Encoding, Json, Mapping, OneFile, Source, pairs
from yukimichi.cli.options import Config
from yukimichi.cli.reports import show
from yukimichi.context import opened


def register(app: typer.Typer) -> None:
    """Add the command to `yukimichi ingest`."""
    app.command("vehicles")(vehicles)


def vehicles(
    file: OneFile,
    source: Source = "fixes",
    encoding: Encoding = None,
    mapping: Mapping = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """The register of a source's vehicles, from CSV. 車両台帳.

    It stands for the source from then on; another file replaces it. A source with `vehicles: registered` takes
    positions of these vehicles only.

    Columns: vehicle 車両番号, name 名称, machine_class 機種, contractor 業者, manager 管理者, blade_input,
    spreader_input, work_input, valid_from 開始日, valid_to 終了日. All but the first may be left out.
    """
    from ingest.vehicles import ingest_vehicles

    with opened(config) as context:
        settings = context.settings.source(source)
        if encoding is not None:
            settings = settings.model_copy(update={"encoding": encoding})
        zone = settings.timezone or context.settings.timezone
        report = ingest_vehicles(context.database, file, source, settings, zone, pairs(mapping, "--map"))
    show(report, as_json=as_json)
