"""`yukimichi ingest managers`: whom residents may ask about a road."""

from __future__ import annotations

import typer

from yukimichi.cli.ingest import Encoding, Json, Mapping, OneFile, Synthetic, pairs
from yukimichi.cli.options import Config
from yukimichi.cli.reports import show
from yukimichi.context import opened


def register(app: typer.Typer) -> None:
    """Add the command to `yukimichi ingest`."""
    app.command("managers")(managers)


def managers(
    file: OneFile,
    encoding: Encoding = None,
    mapping: Mapping = None,
    synthetic: Synthetic = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Offices that answer for the roads of a manager, from CSV, for the card of a road. 管理者の連絡先.

    It is taken in whole or not at all and replaces the former table. Columns: manager 管理者 (国, 県, 市町, その他),
    area 市町 (empty: wherever no other row answers), name 名称, name_en 英語名, phone 電話, link リンク. Offices only,
    never names of persons.
    """
    from geo.db import Role
    from geo.store.managers import refresh_managers
    from ingest.managers import ingest_managers
    from layers.road_card import publish_managers_alone

    with opened(config) as context:
        report = ingest_managers(
            context.database, file, encoding=encoding, mapping=pairs(mapping, "--map"), synthetic=bool(synthetic)
        )
        with context.database.connect(Role.ENGINE) as connection:
            refresh_managers(connection)
        publish_managers_alone(context.database)
    show(report, as_json=as_json)
