"""Price tables: what offices write is understood, and what could be paid wrongly is refused with its line."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from geo.db import Database, Role
from geo.errors import InputError, MappingError, MissingInputError
from geo.settings_reports import ReportSettings
from geo.store.report_input import read_prices as prices_that_stand
from ingest.prices import ingest_prices, read_prices

SETTINGS = ReportSettings()
TABLE = """機種,作業種別,時間帯,曜日区分,単価（円/時間）,適用開始日,適用終了日
除雪グレーダ,新雪除雪,22-05,休日,"24,500",2025年11月1日,2026/3/31
除雪グレーダ,*,08-17,平日,￥18000,2025-11-01,
,回送,,,9000.5円,,
"""


def _file(tmp_path: Path, text: str, encoding: str = "utf-8", name: str = "prices.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_table_as_offices_write_it(tmp_path: Path, encoding: str) -> None:
    text = TABLE.replace("￥", "") if encoding == "cp932" else TABLE
    _, _, rows = read_prices(_file(tmp_path, text, encoding), SETTINGS, None, {})
    assert [row.yen_per_hour for row in rows] == [Decimal(24500), Decimal(18000), Decimal("9000.5")]
    first = rows[0]
    assert (first.machine_class, first.treatment, first.band, first.day_kind) == (
        "除雪グレーダ", "fresh_snow_plowing", "22-05", "holiday",
    )  # fmt: skip
    assert (str(first.valid_from), str(first.valid_to)) == ("2025-11-01", "2026-03-31")
    assert (rows[1].treatment, rows[1].valid_to) == (None, None)
    assert (rows[2].treatment, rows[2].machine_class) == ("deadhead", None)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (",,,,abc,,", "line 2: yen_per_hour"), (",,,,,,", "line 2: yen_per_hour"), (",,,,-5,,", "line 2: yen_per_hour"),
        (",除雪らしきもの,,,1,,", "line 2: treatment"), (",,01-02,,1,,", "line 2: there is no band '01-02'"),
        (",,,祝日の翌日,1,,", "line 2: day_kind"), (",,,,1,2026-13-01,", "line 2: valid_from"),
        (",,,,1,2026-02-01,2026-01-01", "line 2: row"), (",,,,NaN,,", "line 2: yen_per_hour"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_used_refuses_the_whole_table(tmp_path: Path, line: str, said: str) -> None:
    text = TABLE.splitlines()[0] + "\n" + line + "\n,,,,1000,,\n"
    with pytest.raises(InputError, match=said):
        read_prices(_file(tmp_path, text), SETTINGS, None, {})


def test_two_lines_of_the_same_work_on_the_same_day_are_refused(tmp_path: Path) -> None:
    text = "単価,開始日,終了日\n1000,2026-01-01,2026-01-31\n1200,2026-01-31,2026-02-28\n"
    with pytest.raises(InputError, match="lines 2 and 3"):
        read_prices(_file(tmp_path, text), SETTINGS, None, {})


def test_a_file_without_a_price_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingError):
        read_prices(_file(tmp_path, "機種,作業種別\nG,新雪除雪\n"), SETTINGS, None, {})
    with pytest.raises(MissingInputError):
        read_prices(tmp_path / "none.csv", SETTINGS, None, {})
    with pytest.raises(InputError):
        read_prices(_file(tmp_path, "単価,機種\n1000\n"), SETTINGS, None, {})


def test_the_newest_table_of_a_name_stands_and_the_others_stay(database: Database, tmp_path: Path) -> None:
    first = ingest_prices(database, _file(tmp_path, TABLE), "prices", SETTINGS)
    assert (first.n_prices, first.is_repeat) == (3, False)
    assert ingest_prices(database, _file(tmp_path, TABLE), "prices", SETTINGS).is_repeat
    ingest_prices(database, _file(tmp_path, "単価\n77\n"), "prices", SETTINGS)
    ingest_prices(database, _file(tmp_path, "単価\n88\n"), "others", SETTINGS)
    with database.connect(Role.ENGINE) as connection:
        stands = prices_that_stand(connection, SETTINGS)
        assert [price.yen_per_hour for price in stands.prices] == [77, 88]
        row = connection.execute("SELECT recorded_at FROM raw.price_table ORDER BY price_table_id LIMIT 1").fetchone()
        assert row
        then = prices_that_stand(connection, SETTINGS, row[0])
    assert [price.yen_per_hour for price in then.prices] == [24500, 18000, Decimal("9000.5")]


def test_a_refused_table_leaves_the_former_one(database: Database, tmp_path: Path) -> None:
    ingest_prices(database, _file(tmp_path, "単価\n77\n"), "prices", SETTINGS)
    with pytest.raises(InputError):
        ingest_prices(database, _file(tmp_path, "単価\n88\nx\n"), "prices", SETTINGS)
    with database.connect(Role.ENGINE) as connection:
        assert [price.yen_per_hour for price in prices_that_stand(connection, SETTINGS).prices] == [77]


def test_the_engine_writes_no_price(database: Database) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.connect(Role.ENGINE) as connection:
        connection.execute("INSERT INTO raw.price_table (name, file_name, sha256) VALUES ('a', 'b', '')")
