"""`yukimichi ingest places|cameras|priority-network|gtfs`: what people look for, and what has to be open for it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yukimichi.cli.ingest import (
    Crs,
    Encoding,
    Json,
    Layer,
    Mapping,
    OneFile,
    Synthetic,
    Values,
    source_with_flags,
)
from yukimichi.cli.options import Config
from yukimichi.cli.reports import show
from yukimichi.context import opened
from yukimichi.progress import stage

Source = Annotated[str, typer.Option("--source", help="Name of the source, in config.yml or new. データ源")]
Licence = Annotated[str | None, typer.Option("--licence", help="Licence of the whole file, e.g. 'CC BY 4.0'. 利用条件")]
Attribution = Annotated[
    str | None, typer.Option("--attribution", help="Whom to name for the whole file, e.g. '© 石川県'. 出典表示")
]


def places(
    file: OneFile,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind", help="What all of them are: hospital, shelter, snow_dump …; else the column `kind`. 種別"
        ),
    ] = None,
    source: Source = "places",
    licence: Licence = None,
    attribution: Attribution = None,
    crs: Crs = None,
    encoding: Encoding = None,
    layer: Layer = None,
    mapping: Mapping = None,
    value: Values = None,
    synthetic: Synthetic = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Hospitals, shelters, fire stations, schools, snow dumps and other places. 施設.

    The file replaces what its source delivered before of this kind: a place that it lacks is retired, and comes back
    under its id when it is delivered again. Published at once; roads and states are not touched.
    """
    from ingest.places import ingest_places, said_of_file
    from yukimichi.places import bring_out

    with opened(config) as context:
        settings = source_with_flags(
            context.settings, source, mapping, value, crs=crs, encoding=encoding, layer=layer, synthetic=synthetic
        )
        settings = said_of_file(settings, licence=licence, attribution=attribution)
        with stage("Places 施設") as step:
            taken = ingest_places(
                context.database, file, kind, source, settings, margin_deg=context.settings.places.area_margin_deg,
                progress=step,
            )  # fmt: skip
        done = bring_out(context)
    show({"file": taken, "places": done.places, "published": done.published}, as_json=as_json)


def cameras(
    file: OneFile,
    source: Source = "cameras",
    licence: Licence = None,
    attribution: Attribution = None,
    encoding: Encoding = None,
    mapping: Mapping = None,
    synthetic: Synthetic = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """The register of road cameras: name, place, address of the picture, interval, licence. 道路カメラの台帳.

    The service fetches the pictures by itself (`cameras` of config.yml), and shows them from its own host. The
    addresses are told to nobody.
    """
    from ingest.places import ingest_register, said_of_file
    from yukimichi.places import bring_out

    with opened(config) as context:
        settings = source_with_flags(
            context.settings, source, mapping, None, encoding=encoding, synthetic=synthetic
        )  # fmt: skip
        settings = said_of_file(settings, licence=licence, attribution=attribution)
        with stage("Cameras 道路カメラ") as step:
            taken = ingest_register(
                context.database, "cameras", file, source, settings,
                margin_deg=context.settings.places.area_margin_deg, progress=step,
            )  # fmt: skip
        done = bring_out(context)
    show({"file": taken, "places": done.places, "published": done.published}, as_json=as_json)


def priority_network(
    file: OneFile,
    source: Source = "priority",
    licence: Licence = None,
    attribution: Attribution = None,
    crs: Crs = None,
    encoding: Encoding = None,
    layer: Layer = None,
    mapping: Mapping = None,
    value: Values = None,
    synthetic: Synthetic = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Roads that are kept open first: lines, or a table of route names, each with its class. 雪みちネットワーク路線.

    They are laid onto the roads like plough routes; what does not fit is told in metres.
    """
    from ingest.places import ingest_register, said_of_file
    from yukimichi.places import bring_out

    with opened(config) as context:
        settings = source_with_flags(
            context.settings, source, mapping, value, crs=crs, encoding=encoding, layer=layer, synthetic=synthetic
        )
        settings = said_of_file(settings, licence=licence, attribution=attribution)
        with stage("Priority network 雪みちネットワーク路線") as step:
            taken = ingest_register(context.database, "priority_network", file, source, settings, progress=step)
        done = bring_out(context)
    show({"file": taken, "laid": done.lines, "published": done.published}, as_json=as_json)


def gtfs(
    feed: Annotated[Path, typer.Argument(metavar="FEED", help="Zip file or folder of the feed. データ")],
    source: Source = "gtfs",
    licence: Licence = None,
    attribution: Attribution = None,
    encoding: Encoding = None,
    synthetic: Synthetic = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Buses from a transit feed, GTFS or GTFS-JP: stops, routes, trips a day, the roads they drive. バスの運行データ.

    The feed replaces the one that its source delivered before. Rows that cannot be used go to quarantine with their
    line; a feed whose last day is over is taken in and said to be expired.
    """
    from geo.timeline import now
    from ingest.gtfs import ingest_gtfs
    from yukimichi.places import bring_out

    with opened(config) as context:
        settings = source_with_flags(context.settings, source, None, None, encoding=encoding, synthetic=synthetic)
        with stage("Feed バス"):
            taken = ingest_gtfs(
                context.database, feed, source, settings, now(), licence=licence, attribution=attribution,
                margin_deg=context.settings.places.area_margin_deg,
            )  # fmt: skip
        done = bring_out(context)
    show({"feed": taken, "laid": done.lines, "published": done.published}, as_json=as_json)


def register(ingest: typer.Typer) -> None:
    """Add the commands to `yukimichi ingest`."""
    ingest.command("places")(places)
    ingest.command("cameras")(cameras)
    ingest.command("priority-network")(priority_network)
    ingest.command("gtfs")(gtfs)
