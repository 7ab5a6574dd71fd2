"""`yukimichi ingest raster` and `yukimichi rasters`: drone surveys, snow depth, hillshade as pictures on the map."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geo.errors import InputError
from geo.vocabulary import RasterKind
from yukimichi.cli.ingest import Json
from yukimichi.cli.options import Config, moment
from yukimichi.cli.reports import show
from yukimichi.context import opened
from yukimichi.progress import stage

app = typer.Typer(no_args_is_help=True, help="Rasters that are served. 公開中のラスタ。")


def register(root: typer.Typer, ingest: typer.Typer) -> None:
    """Add the commands to `yukimichi` and `yukimichi ingest`."""
    ingest.command("raster")(raster)
    root.add_typer(app, name="rasters")


def raster(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="GeoTIFF, or another raster file that GDAL reads. ファイル")
    ] = None,
    raster_id: Annotated[str, typer.Option("--id", help="Id of the raster; a former one is replaced. ラスタID")] = "",
    kind: Annotated[RasterKind, typer.Option(help="What the pixels are. 種別")] = RasterKind.OTHER,
    title: Annotated[str, typer.Option(help="Title in English. 英語の題名")] = "",
    title_ja: Annotated[str, typer.Option(help="Title in Japanese; as --title if left out. 日本語の題名")] = "",
    licence: Annotated[str, typer.Option(help="Licence, e.g. 'CC BY 4.0'. 利用条件")] = "",
    licence_url: Annotated[
        str | None, typer.Option(help="Page of the licence; known for CC and PDL1.0. 利用条件のページ")
    ] = None,
    attribution: Annotated[str, typer.Option(help="Whom to name, e.g. '© 石川県'. 出典表示")] = "",
    taken_at: Annotated[
        str, typer.Option(help="When it was taken, ISO 8601, local without offset. 撮影・観測時刻")
    ] = "",
    style: Annotated[str | None, typer.Option(help="snow_depth, hillshade, grey, rgb; by the kind. 表示様式")] = None,
    unit: Annotated[
        str | None, typer.Option(help="Unit of the values where the file names none; cm, m or mm of a depth. 単位")
    ] = None,
    nodata: Annotated[
        str | None,
        typer.Option(help="Value of unknown pixels where the file names none, or `none`: all are known. 欠測値"),
    ] = None,
    synthetic: Annotated[bool, typer.Option("--synthetic", help="Made up, not measured. 合成データ")] = False,
    remove: Annotated[str | None, typer.Option("--remove", metavar="ID", help="Remove a raster. 削除")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """A raster: drone survey, snow depth, hillshade, other; or the end of one. ラスタ.

    It is checked, kept as a Cloud Optimised GeoTIFF in `home`, and served within a few seconds. Another file under the
    same id takes its place; the same file changes nothing. Snow depth is kept in centimetres; pixels of which nothing
    is known stay unknown.
    """
    if remove is not None:
        if file is not None:
            raise InputError("--remove takes no file.", hint="yukimichi ingest raster --remove ID")
        _remove(remove, as_json, config)
        return
    if file is None:
        raise InputError("No file is named.", hint="yukimichi ingest raster FILE --id ID …; see --help.")
    from ingest.raster import RasterWish
    from layers.raster_styles import choose_style
    from yukimichi.rasters import take_in

    needed = {"--id": raster_id, "--title": title, "--licence": licence, "--attribution": attribution,
              "--taken-at": taken_at}  # fmt: skip
    if missing := [name for name, value in needed.items() if not value.strip()]:
        raise InputError(f"{', '.join(missing)} has to be said.", hint="See `yukimichi ingest raster --help`.")
    with opened(config) as context:
        wish = RasterWish(
            raster_id, kind, title, title_ja or title, licence, attribution,
            moment(taken_at, context.settings.timezone),
            lambda n_bands, dtype, told: choose_style(style, kind, n_bands, dtype, told),
            style=style, licence_url=licence_url, unit=unit, nodata=nodata, synthetic=synthetic,
        )  # fmt: skip
        with stage("Raster ラスタ") as step:
            report = take_in(context, file, wish, step)
    show(report, as_json=as_json)


def _remove(raster_id: str, as_json: bool, config: Path | None) -> None:
    from yukimichi.rasters import take_out

    with opened(config) as context:
        n_files = take_out(context, raster_id)
    show({"removed": raster_id, "n_files": n_files}, as_json=as_json)


@app.command("list")
def listed(as_json: Json = False, config: Config = None) -> None:
    """Rasters with their kind, time, licence and size. ラスタの一覧."""
    from ingest.raster import read_rasters

    with opened(config) as context:
        rows = read_rasters(context.database)
    show({"rasters": rows}, as_json=as_json)


@app.callback()
def _group() -> None:
    """Rasters that are served. 公開中のラスタ."""
