"""単価表: price tables from CSV into raw. A table is taken in whole or not at all: half a table would pay wrongly."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from pydantic import ValidationError

from geo.db import Database, Role, Row, read_sql
from geo.errors import InputError
from geo.holidays import DayKind
from geo.pay import Price, clashes
from geo.settings_reports import PriceRow, ReportSettings
from ingest.files import digest, require
from ingest.mapping import FieldMap, resolve, take, text_of
from ingest.quarantine import Rejects
from ingest.tabular import CsvTable, read_csv

#: Our field to the names under which price tables carry it.
KNOWN_NAMES: Mapping[str, Sequence[str]] = {
    "yen_per_hour": ("yen_per_hour", "price", "単価", "時間単価", "円/時間", "単価(円/時間)", "単価(円/h)"),
    "contractor": ("contractor", "業者", "業者名", "受託者", "会社名"),
    "machine_class": ("machine_class", "class", "機種", "機械区分", "機械種別", "規格"),
    "treatment": ("treatment", "作業種別", "作業", "作業内容"),
    "band": ("band", "hour_band", "時間帯", "時間区分"),
    "day_kind": ("day_kind", "曜日区分", "曜日", "平休区分"),
    "valid_from": ("valid_from", "適用開始日", "開始日", "適用開始"),
    "valid_to": ("valid_to", "適用終了日", "終了日", "適用終了"),
}
#: How tables write "any".
ANY = frozenset({"", "*", "-", "all", "any", "全て", "すべて", "共通"})


@dataclass(frozen=True, slots=True)
class PricesReport:
    """What became of a price table. is_repeat: the same bytes stand already, and nothing was written."""

    name: str
    price_table_id: int
    is_repeat: bool
    n_prices: int
    encoding: str
    mapping: dict[str, str]


def ingest_prices(
    database: Database, path: Path, name: str, settings: ReportSettings, encoding: str | None = None,
    mapping: Mapping[str, str] | None = None,
) -> PricesReport:  # fmt: skip
    """Take in a price table as yuki_ingest; from its commit on it stands for its name.

    Raises InputError that names the line where a row cannot be used or two rows clash; nothing is kept then.
    """
    sha256 = digest(require(path))
    table, fields, prices = read_prices(path, settings, encoding, mapping or {})
    with database.connect(Role.INGEST) as connection:
        found = connection.execute(read_sql("ingest", "find_price_table"), {"name": name}).fetchone()
        is_repeat = found is not None and bytes(found[1]) == sha256
        table_id = int(found[0]) if found is not None and is_repeat else _write(connection, path, name, sha256, prices)
    return PricesReport(name, table_id, is_repeat, len(prices), str(table.vector.encoding), fields.describe())


def _write(
    connection: psycopg.Connection[Row], path: Path, name: str, sha256: bytes, prices: Sequence[PriceRow]
) -> int:
    named: dict[str, Any] = {"name": name, "file_name": path.name, "sha256": sha256}
    row = connection.execute(read_sql("ingest", "insert_price_table"), named).fetchone()
    assert row is not None
    lines = [
        price.model_dump() | {"price_table_id": row[0], "item": i, "day_kind": _word(price.day_kind)}
        for i, price in enumerate(prices)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(read_sql("ingest", "insert_price"), lines)
    return int(row[0])


def _word(kind: DayKind | None) -> str | None:
    return None if kind is None else kind.value


def read_prices(
    path: Path, settings: ReportSettings, encoding: str | None, mapping: Mapping[str, str]
) -> tuple[CsvTable, FieldMap, list[PriceRow]]:
    """The lines of a price table, without any database. Raises InputError, MappingError."""
    rejects = Rejects()
    table = read_csv(path, encoding, {}, rejects)
    if len(rejects):
        raise InputError(f"{path}: {rejects.by_reason()}: rows with too few or too many cells.", hint="Correct them.")
    columns = table.vector.columns
    fields = resolve(columns.column_names, dict(mapping), KNOWN_NAMES, ["yen_per_hour"], str(path))
    texts = {key: text_of(take(columns, column)).to_pylist() for key, column in fields.columns.items()}
    rows = [
        _row({key: values[i] for key, values in texts.items()}, f"{path}, line {table.line[i]}", settings)
        for i in range(len(columns))
    ]
    found = clashes([
        Price(row.yen_per_hour, row.contractor, row.machine_class, row.treatment, row.band, row.day_kind,
              row.valid_from, row.valid_to) for row in rows
    ])  # fmt: skip
    if found:
        first, second = (table.line[i] for i in found[0])
        raise InputError(
            f"{path}: lines {first} and {second} are of the same work on the same days.",
            hint="Give them different valid_from and valid_to, or leave one out.",
        )
    return table, fields, rows


def _row(texts: Mapping[str, str | None], where: str, settings: ReportSettings) -> PriceRow:
    cells = {key: None if (text or "").casefold() in ANY else text for key, text in texts.items()}
    cells["yen_per_hour"] = re.sub(r"[,¥円\s]", "", texts["yen_per_hour"] or "")
    for key in ("valid_from", "valid_to"):
        if cells.get(key):
            cells[key] = _iso(str(cells[key]))
    try:
        row = PriceRow.model_validate(cells)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "row"
        raise InputError(f"{where}: {name}: {first['msg']}.", hint="Nothing was taken in; correct the file.") from error
    if row.band is not None and row.band not in settings.band_names:
        bands = ", ".join(settings.band_names)
        raise InputError(f"{where}: there is no band {row.band!r}.", hint=f"reports.bands of config.yml cut {bands}.")
    return row


def _iso(text: str) -> str:
    """A date as registers write it, with dashes."""
    found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text)
    return f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}" if found else text
