"""`yukimichi ingest stations`, `yukimichi ingest weather`, and `yukimichi event detect`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geo.errors import InputError
from yukimichi.cli.ingest import Encoding, Json, Mapping, OneFile, Synthetic, pairs, source_with_flags
from yukimichi.cli.options import Config, moment
from yukimichi.cli.reports import show
from yukimichi.context import opened
from yukimichi.progress import stage

Source = Annotated[str, typer.Option("--source", help="Name of the source, in config.yml or new. データ源")]


def stations(
    file: OneFile,
    source: Source = "weather",
    encoding: Encoding = None,
    mapping: Mapping = None,
    synthetic: Synthetic = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Weather stations, from amedastable.json, GeoJSON or CSV. 気象観測所.

    Observations of a source are taken for its stations only. Columns of a CSV: station 観測所番号, name 観測所名,
    longitude 経度, latitude 緯度, elevation_m 標高, has_snow 積雪; the last two may be left out.
    """
    from ingest.weather_stations import ingest_stations

    with opened(config) as context:
        flags = source_with_flags(context.settings, source, None, None, encoding=encoding, synthetic=synthetic)
        report = ingest_stations(context.database, file, source, flags, pairs(mapping, "--map"))
    show(report, as_json=as_json)


def weather(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="One or more files. ファイル")],
    source: Source = "weather",
    kind: Annotated[
        str | None,
        typer.Option("--format", help="amedas, jma_csv, csv or raster; by the content if left out. 形式"),
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="Moment of a map file or a raster that does not say it. 観測時刻")
    ] = None,
    station: Annotated[
        str | None, typer.Option(help="Station of a point file that does not say it. 観測所番号")
    ] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of a raster: cm, m or mm. ラスタの単位")] = None,
    encoding: Encoding = None,
    mapping: Mapping = None,
    synthetic: Synthetic = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Observations of snow: AMeDAS JSON, the agency's CSV of snow depth, any CSV, a raster. 気象観測値.

    States take new weather into account with the next tick of the clock of the worker, or with `yukimichi refresh`.

    Columns of a CSV: station 観測所番号, at 観測時刻, snow_depth_cm 積雪深, snowfall_cm 降雪量 of the hour before.
    """
    from geo.timeline import now
    from ingest.weather import FORMATS, Hints, ingest_weather

    chosen = next((name for name in FORMATS if name == kind), None)
    if kind is not None and chosen is None:
        raise InputError(f"{kind!r} is no format.", hint=f"Use one of {', '.join(FORMATS)}.")
    reports = []
    with opened(config) as context:
        flags = source_with_flags(context.settings, source, None, None, encoding=encoding, synthetic=synthetic)
        zone = flags.timezone or context.settings.timezone
        hints = Hints(chosen, None if at is None else moment(at, zone), station, unit, pairs(mapping, "--map"))
        with stage("Weather 気象") as step:
            for done, file in enumerate(files, 1):
                reports.append(ingest_weather(context.database, file, source, flags, zone, now(), hints))
                step(done, len(files))
    show({"weather": reports} if len(reports) > 1 else reports[0], as_json=as_json)


def detect(
    begin: Annotated[
        str | None, typer.Option("--from", help="Begin of the search; three days before --to. 開始")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="End of the search; now if left out. 終了")] = None,
    opens: Annotated[
        bool, typer.Option("--open", help="Open an event for each storm that none covers. 事象を開始する")
    ] = False,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Find storms in the weather: since when it snowed, and when it was over. 気象観測から降雪事象を見つける.

    A storm begins with the snowfall that reached the callout depth (events.snowfall_cm within events.within_h) at any
    station, and ends after events.quiet_h without 1 cm in an hour. The same weather opens nothing twice.
    """
    from datetime import timedelta

    from geo.store.event_detect import detect_storms

    with opened(config) as context:
        settings = context.settings
        to_at = moment(end, settings.timezone)
        from_at = to_at - timedelta(days=3) if begin is None else moment(begin, settings.timezone)
        found = detect_storms(
            context.database, settings.snow, settings.events, from_at, to_at, settings.timezone, opens=opens
        )
    show({"from": from_at, "to": to_at, "storms": found}, as_json=as_json)


def register(app: typer.Typer, events: typer.Typer) -> None:
    """Add the commands to `yukimichi ingest` and `yukimichi event`."""
    events.command("detect")(detect)
    app.command("stations")(stations)
    app.command("weather")(weather)
