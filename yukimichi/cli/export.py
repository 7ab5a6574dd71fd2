"""`yukimichi export`: files for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from yukimichi.cli.options import Config
from yukimichi.cli.reports import show
from yukimichi.context import opened

app = typer.Typer(help="Files for other programs. 他のソフトウェア用のファイル.", no_args_is_help=True)
AUTHCFG = "yukimgr"


@app.command()
def qgis(
    file: Annotated[Path, typer.Argument(help="Project to write, for example yukimichi.qgz. 出力先")],
    managers: Annotated[
        bool, typer.Option("--managers", help="Also the layers that a manager's key opens. 道路管理者用の層も含める")
    ] = False,
    url: Annotated[
        str | None, typer.Option("--url", help="Address of the service as QGIS reaches it. QGIS から見た公開アドレス")
    ] = None,
    lang: Annotated[Literal["ja", "en"], typer.Option("--lang", help="Language of names. 表示言語")] = "ja",
    authcfg: Annotated[
        str, typer.Option("--authcfg", help="Id of the QGIS authentication configuration with the key. 認証設定のID")
    ] = AUTHCFG,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON. JSON で出力")] = False,
    config: Config = None,
) -> None:
    """A QGIS project with all published layers, styled. QGIS プロジェクト.

    For QGIS 3.22 and later. The layers ask the service, so the file holds no data and stays current. With --managers it
    holds the layers for road managers too; the key stays in QGIS's own store, never in the file.
    """
    from yukimichi.export_qgis import export_qgis

    with opened(config) as context:
        report = export_qgis(context, file, url=url, lang=lang, with_managers=managers, authcfg=authcfg)
    show(report, as_json=as_json)
