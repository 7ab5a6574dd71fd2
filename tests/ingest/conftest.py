"""Small deliveries, made in code: road layers in every format, CSV files, OpenStreetMap XML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from geo.db import Database, Role

#: A moment after every time in these tests.
NOW = datetime(2026, 2, 1, tzinfo=UTC)

type Write = Callable[..., Path]
type Rows = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def now() -> datetime:
    """The clock of these tests."""
    return NOW


@pytest.fixture
def frame() -> gpd.GeoDataFrame:
    """Three roads of Kanazawa in EPSG:6675: a national, a prefectural in two parts, a one-way municipal."""
    lines = [
        shapely.LineString([(-47_000, 62_000), (-46_000, 62_000)]),
        shapely.MultiLineString([[(-47_000, 62_000), (-47_000, 62_500)], [(-47_000, 62_600), (-47_000, 63_000)]]),
        shapely.LineString([(-46_000, 62_000), (-46_000, 62_100)]),
    ]
    columns = {
        "番号": ["A1", "A2", "A3"],
        "名称": ["国道八号", "県道金沢線", "香林坊通り"],
        "管理者": ["国", "県", "市"],
        "道路種別": ["一般国道", "一般県道", "市町道"],
        "一方通行": ["0", "0", "1"],
    }
    return gpd.GeoDataFrame(columns, geometry=lines, crs=6675)


@pytest.fixture
def shapefile(tmp_path: Path, frame: gpd.GeoDataFrame) -> Write:
    """Write a shapefile; `cpg` and `prj` False leave those parts out."""

    def write(
        name: str = "roads", *, data: Any = None, encoding: str = "CP932", cpg: bool = False, prj: bool = True
    ) -> Path:
        path = tmp_path / f"{name}.shp"
        (frame if data is None else data).to_file(path, encoding=encoding)
        if not cpg:
            path.with_suffix(".cpg").unlink(missing_ok=True)
        if not prj:
            path.with_suffix(".prj").unlink(missing_ok=True)
        return path

    return write


@pytest.fixture
def text_file(tmp_path: Path) -> Write:
    """Write lines, in an encoding."""

    def write(name: str, lines: Sequence[str], encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes("".join(line + "\n" for line in lines).encode(encoding))
        return path

    return write


@pytest.fixture
def rows(database: Database) -> Rows:
    """The rows of a query, asked as yuki_ingest."""

    def ask(query: str, *params: Any) -> list[tuple[Any, ...]]:
        with database.connect(Role.INGEST) as connection:
            return connection.execute(query, params or None).fetchall()  # type: ignore[call-overload]

    return ask
