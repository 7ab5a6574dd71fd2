"""`yukimichi search`: the dictionary of addresses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yukimichi.cli.ingest import Encoding, Json, Mapping, pairs
from yukimichi.cli.options import Config
from yukimichi.cli.reports import show
from yukimichi.context import settings_of
from yukimichi.progress import stage

app = typer.Typer(no_args_is_help=True, help="Search for addresses. 住所の検索。")


@app.command()
def build(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Address CSV, e.g. 位置参照情報 of MLIT. 住所のCSVファイル")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder of the dictionary; that of config.yml if left out. 出力先")
    ] = None,
    mapping: Mapping = None,
    encoding: Encoding = None,
    as_json: Json = False,
    config: Config = None,
) -> None:
    """Build the address dictionary from CSV files. 住所辞書を作成.

    Takes 街区レベル and 大字・町丁目レベル位置参照情報 as they are, and plain tables with prefecture, city, 大字, 丁目,
    番地, longitude and latitude. A server that runs takes the new dictionary with the next question.
    """
    from ingest.gazetteer import read_gazetteer
    from ingest.gazetteer_dictionary import build_dictionary

    folder = out or settings_of(config).addresses_dir
    with stage("Addresses 住所") as step:
        found = read_gazetteer(files, pairs(mapping, "--map"), encoding, step)
    with stage("Dictionary 住所辞書"):
        report = build_dictionary(found, files, folder)
    show(report, as_json=as_json)


@app.callback()
def _group() -> None:
    """Search for addresses. 住所の検索."""
