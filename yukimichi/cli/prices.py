"""`yukimichi ingest prices`: what an hour of work is paid."""

from __future__ import annotations

from typing import Annotated

import typer

from yukimichi.cli.ingest import Encoding, Json, Mapping, OneFile, pairs
from yukimichi.cli.options import Config
from yukimichi.cli.reports import show
from yukimichi.context import opened


def register(app: typer.Typer) -> None:
    """Add the command to `yukimichi ingest`."""
    app.command("prices")(prices)


def prices(
    file: OneFile,
    name: Annotated[
        str, typer.Option("--name", help="A table of the same name replaces the former one. 単価表の名前")
    ] = "prices",
    encoding: Encoding = None,
    mapping: Mapping = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """A price table for pay sheets, from CSV. 単価表.

    It is taken in whole or not at all. Columns: yen_per_hour 単価, contractor 業者, machine_class 機種,
    treatment 作業種別 (or 回送), band 時間帯, day_kind 曜日区分 (平日, 土曜, 休日), valid_from 適用開始日,
    valid_to 適用終了日 (the last day). All but the first may be left out or empty: then any fits.
    """
    from ingest.prices import ingest_prices

    with opened(config) as context:
        report = ingest_prices(
            context.database, file, name, context.settings.reports, encoding, pairs(mapping, "--map")
        )
    show(report, as_json=as_json)
