"""`yukimichi ingest …`: roads, plans and fixes from files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geo.errors import InputError
from geo.settings import Settings, SourceSettings
from ingest.plan_kinds import PlanKind
from yukimichi.cli.options import Config
from yukimichi.cli.reports import show
from yukimichi.context import opened
from yukimichi.progress import stage

app = typer.Typer(
    no_args_is_help=True,
    help="Take in roads, plans and positions from files. 道路・計画・測位点を取り込む。\n\n"
    "A source of config.yml (--source) says how to read its files; flags win over it. Taking in the same file again "
    "changes nothing. What cannot be used is kept in quarantine with its reason.",
)

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="One or more files. ファイル")]
OneFile = Annotated[Path, typer.Argument(metavar="FILE", help="The file. ファイル")]
Source = Annotated[str, typer.Option("--source", help="Name of the source, in config.yml or new. データ源")]
Crs = Annotated[str | None, typer.Option("--crs", help="CRS of the file where it names none, e.g. EPSG:6675. 座標系")]
Encoding = Annotated[str | None, typer.Option("--encoding", help="Text encoding, e.g. cp932. 文字コード")]
Layer = Annotated[str | None, typer.Option("--layer", help="Layer of a file that has several. レイヤ")]
Mapping = Annotated[
    list[str] | None, typer.Option("--map", help="FIELD=COLUMN, may be repeated, e.g. --map name=N10_004. 列の対応")
]
Values = Annotated[
    list[str] | None, typer.Option("--value", help="FIELD:THEIRS=OURS, e.g. --value manager:国=nation. 値の対応")
]
Synthetic = Annotated[
    bool | None,
    typer.Option("--synthetic/--observed", help="Mark the source as synthetic. 合成データ", show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Print the report as JSON. JSON で出力")]

PLAN_KINDS: dict[PlanKind, str] = {
    "routes": "Plough routes with class and target, laid onto the roads. 除雪路線",
    "sections": "Work sections, areas or lines, with their contractor. 工区",
    "assignments": "Which contractor and machine works where and when. 割当",
    "plans": "Planned passes. 作業計画",
    "callouts": "Callouts, which become events. 出動指令",
    "kmposts": "Kilometre posts. 距離標",
    "depots": "Depots; never public. 除雪基地",
}


def pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    """KEY=VALUE texts of a repeated option as a map. Raises InputError for one without a '='."""
    found: dict[str, str] = {}
    for text in texts or []:
        key, separator, value = text.partition("=")
        if not separator or not key or not value:
            raise InputError(f"{option} {text!r} has no '='.", hint=f"Write it like {option} name=N10_004.")
        found[key] = value
    return found


def source_with_flags(settings: Settings, name: str, mapping: list[str] | None, values: list[str] | None,
                      **flags: object) -> SourceSettings:  # fmt: skip
    """The source's settings with the flags that were given laid over them; unknown values raise InputError."""
    source = settings.source(name)
    words = {field: dict(table) for field, table in source.values.items()}
    for key, ours in pairs(values, "--value").items():
        field, separator, theirs = key.partition(":")
        if not separator:
            raise InputError(f"--value {key!r} names no field.", hint="Write it like --value manager:国=nation.")
        words.setdefault(field, {})[theirs] = ours
    given = {key: value for key, value in flags.items() if value is not None}
    update = {"fields": {**source.fields, **pairs(mapping, "--map")}, "values": words, **given}
    try:
        return SourceSettings.model_validate(source.model_dump(exclude_unset=True) | update)
    except ValueError as error:
        raise InputError(f"The flags do not fit: {error}", hint="See --help.") from error


@app.command("roads")
def roads(
    files: Files,
    source: Source = "roads",
    policy: Annotated[
        str | None,
        typer.Option(help="endpoints: already split at junctions; crossings: split where lines cross. 接続方法"),
    ] = None,
    crs: Crs = None,
    encoding: Encoding = None,
    layer: Layer = None,
    mapping: Mapping = None,
    value: Values = None,
    synthetic: Synthetic = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Roads, from shapefile, GeoPackage, File Geodatabase, GeoJSON, FlatGeobuf, GeoParquet or OSM. 道路.

    The files of one call are one road set; they replace what the source delivered before. Then the network is built
    and its report printed. An unchanged set makes no new network version; a changed one keeps the ids of what did
    not change.
    """
    from geo.store.network import refresh_network
    from ingest.roads import ingest_roads
    from yukimichi.pipeline import network_summary

    with opened(config) as context:
        flags = source_with_flags(
            context.settings, source, mapping, value, join_policy=policy, crs=crs, encoding=encoding, layer=layer,
            synthetic=synthetic,
        )  # fmt: skip
        with stage("Roads 道路") as step:
            taken = ingest_roads(
                context.database, files, source, flags, snap_m=context.settings.network.snap_m, progress=step
            )
        with stage("Network 道路ネットワーク") as step:
            change = refresh_network(context.database, context.settings.networks_dir, context.settings.network, step)
    show({"roads": taken, "network": network_summary(change)}, as_json=as_json)


def _add_plan(kind: PlanKind, help_text: str) -> None:
    @app.command(kind, help=help_text)
    def take(
        file: OneFile,
        source: Source = "plans",
        crs: Crs = None,
        encoding: Encoding = None,
        layer: Layer = None,
        mapping: Mapping = None,
        value: Values = None,
        synthetic: Synthetic = None,
        as_json: Json = False,
        config: Config = None,
    ) -> None:
        _take_plan(kind, kind, file, source, mapping, value, as_json, config, crs=crs, encoding=encoding, layer=layer,
                   synthetic=synthetic)  # fmt: skip


for _kind, _help in PLAN_KINDS.items():
    _add_plan(_kind, _help)


@app.command("layer")
def layer_command(
    name: Annotated[str, typer.Argument(help="Id of the layer, e.g. municipalities, coast, emergency_roads. レイヤ名")],
    file: OneFile,
    source: Source = "layers",
    crs: Crs = None,
    encoding: Encoding = None,
    layer: Layer = None,
    mapping: Mapping = None,
    value: Values = None,
    synthetic: Synthetic = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """A reference layer, published as a collection and a tileset of its own. 参照レイヤ."""
    _take_plan("layer", name, file, source, mapping, value, as_json, config, crs=crs, encoding=encoding, layer=layer,
               synthetic=synthetic)  # fmt: skip


def _take_plan(
    kind: PlanKind, name: str, file: Path, source: str, mapping: list[str] | None, value: list[str] | None,
    as_json: bool, config: Path | None, **flags: object,
) -> None:  # fmt: skip
    from geo.store.callouts import refresh_callouts
    from ingest.plans import ingest_plans
    from yukimichi.pipeline import lay_plans

    with opened(config) as context:
        settings = source_with_flags(context.settings, source, mapping, value, **flags)
        with stage(f"{name}") as step:
            taken = ingest_plans(
                context.database, kind, file, source, settings, layer=name if kind == "layer" else None,
                progress=step,
            )  # fmt: skip
        if kind == "callouts":
            done: dict[str, object] = {"events": refresh_callouts(context.database, context.settings.events)}
        else:
            done = {"plans": lay_plans(context.database, context.settings)}
    show({"file": taken, **done}, as_json=as_json)


@app.command("fixes")
def fixes(
    files: Files,
    source: Source = "fixes",
    timezone: Annotated[
        str | None, typer.Option(help="Zone of times without an offset, e.g. Asia/Tokyo. 時刻の地域")
    ] = None,
    crs: Crs = None,
    encoding: Encoding = None,
    mapping: Mapping = None,
    value: Values = None,
    work_basis: Annotated[
        str | None, typer.Option(help="declared or assumed: all fixes count as work where none says so. 作業の根拠")
    ] = None,
    synthetic: Synthetic = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Plough positions, from CSV, Parquet, GPX, NMEA or Harja's messages. 測位点.

    The good rows go on, the bad ones are kept in quarantine with file, line and reason. `yukimichi refresh`, or the
    worker of a running `yukimichi up`, then matches them.
    """
    from ingest.fixes import ingest_fixes

    with opened(config) as context:
        settings = source_with_flags(
            context.settings, source, mapping, value, timezone=timezone, crs=crs, encoding=encoding,
            work_basis=work_basis, synthetic=synthetic,
        )  # fmt: skip
        with stage("Fixes 測位点") as step:
            report = ingest_fixes(context.database, files, source, settings, progress=step)
    show(report, as_json=as_json)


@app.command("quarantine")
def quarantine(
    limit: Annotated[int, typer.Option(help="Rows to show. 件数")] = 20,
    reason: Annotated[str | None, typer.Option(help="Only this reason. 理由")] = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Show what was rejected, with file, line and reason. 保留した入力を見る."""
    from geo.db import Role, read_sql

    with opened(config) as context, context.database.connect(Role.INGEST) as connection:
        rows = connection.execute(
            read_sql("yukimichi", "read_quarantine"), {"limit": limit, "reason": reason}
        ).fetchall()
    names = ("file", "line", "item", "kind", "reason", "detail")
    show({"quarantine": [dict(zip(names, row, strict=True)) for row in rows]}, as_json=as_json)
