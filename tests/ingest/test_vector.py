"""Every vector format gives the same table; what cannot be read says why."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from geo.errors import InputError, MissingInputError
from ingest.mapping import resolve
from ingest.vector import read_vector
from tests.ingest.conftest import Write


def _write(frame: gpd.GeoDataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".gdb":
        multi = [shapely.multilinestrings(shapely.get_parts(line)) for line in frame.geometry]
        frame.set_geometry(multi, crs=frame.crs).to_file(path, driver="OpenFileGDB")
    else:
        frame.to_file(path, **({"encoding": "CP932"} if path.suffix == ".shp" else {}))
    return path


@pytest.mark.parametrize("suffix", [".shp", ".gpkg", ".gdb", ".geojson", ".fgb", ".parquet"])
def test_every_format_gives_the_same_table(tmp_path: Path, frame: gpd.GeoDataFrame, suffix: str) -> None:
    table = read_vector(_write(frame, tmp_path / f"roads{suffix}"))
    assert len(table) == 3
    found = dict(zip(table.columns["番号"].to_pylist(), table.columns["名称"].to_pylist(), strict=True))
    assert found == {"A1": "国道八号", "A2": "県道金沢線", "A3": "香林坊通り"}
    assert table.crs is not None
    lengths = sorted(round(g.length) for g in table.geometry)
    assert lengths == [100, 900, 1000]


@pytest.mark.parametrize("cpg", [True, False])
def test_a_cp932_shapefile_is_read_with_and_without_cpg(shapefile: Write, cpg: bool) -> None:
    table = read_vector(shapefile(cpg=cpg))
    assert table.columns["名称"].to_pylist()[0] == "国道八号"
    assert str(table.encoding) == ("cp932 (file)" if cpg else "cp932 (detected)")


def test_a_wrong_encoding_flag_is_an_error_and_no_mojibake(shapefile: Write) -> None:
    with pytest.raises(InputError, match=r"not utf-8.*reads as cp932"):
        read_vector(shapefile(), encoding="utf-8")


def test_a_utf8_shapefile_whose_field_names_are_cut_in_a_character_is_read(shapefile: Write) -> None:
    frame = gpd.GeoDataFrame({"abcdefghij": ["国道八号"]}, geometry=[shapely.LineString([(0, 0), (1, 1)])], crs=6675)
    path = shapefile(data=frame, encoding="UTF-8")
    dbf = path.with_suffix(".dbf")
    # 道路種別 has 12 bytes in UTF-8, the .dbf keeps 10
    dbf.write_bytes(dbf.read_bytes().replace(b"abcdefghij", "道路種別".encode()[:10]))
    table = read_vector(path)
    assert table.columns.to_pydict() == {"道路種": ["国道八号"]}
    assert resolve(table.columns.column_names, {}, {"class": ("道路種別",)}).columns == {"class": "道路種"}
    assert table.file == str(path)


def test_a_zip_with_a_japanese_name_is_unpacked(tmp_path: Path, shapefile: Write) -> None:
    path = shapefile()
    target = tmp_path / "delivery.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for part in tmp_path.glob("roads.*"):
            info = zipfile.ZipInfo("x")
            # as Windows packs: CP932 bytes without the flag for UTF-8
            info.filename = f"道路/道路{part.suffix}".encode("cp932").decode("cp437", "replace")
            archive.writestr(info.filename, part.read_bytes())
    assert path.exists()
    assert len(read_vector(target)) == 3


def test_a_zip_of_several_files_asks_which(tmp_path: Path, frame: gpd.GeoDataFrame) -> None:
    target = tmp_path / "two.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for name in ("north", "south"):
            archive.write(_write(frame, tmp_path / f"{name}.fgb"), f"{name}.fgb")
    with pytest.raises(MissingInputError, match=r"2 files: north, south"):
        read_vector(target)
    assert read_vector(target, "south").layer == "south"


def test_a_zip_that_points_out_of_its_folder_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "evil.zip"
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("../evil.geojson", "{}")
    with pytest.raises(InputError, match="points out of it"):
        read_vector(target)


def test_a_missing_file_names_its_neighbours(tmp_path: Path, frame: gpd.GeoDataFrame) -> None:
    _write(frame, tmp_path / "roads.fgb")
    with pytest.raises(MissingInputError, match=r"The folder has roads\.fgb"):
        read_vector(tmp_path / "roads.shp")


def test_a_missing_layer_names_those_that_exist(tmp_path: Path, frame: gpd.GeoDataFrame) -> None:
    path = tmp_path / "many.gpkg"
    frame.to_file(path, layer="trunk")
    frame.to_file(path, layer="streets")
    with pytest.raises(MissingInputError, match=r"no layer 'roads'.*trunk, streets"):
        read_vector(path, "roads")
    with pytest.raises(MissingInputError, match="has 2 layers"):
        read_vector(path)
    assert len(read_vector(path, "streets")) == 3


def test_an_empty_layer_is_refused(tmp_path: Path, frame: gpd.GeoDataFrame) -> None:
    frame.iloc[:0].to_file(tmp_path / "none.gpkg", geometry_type="LineString")
    with pytest.raises(InputError, match="has no features"):
        read_vector(tmp_path / "none.gpkg")


@pytest.mark.parametrize("name", ["roads.shp", "roads.gpkg", "roads.geojson", "roads.parquet", "roads.zip"])
def test_a_broken_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"this is no map")
    with pytest.raises(InputError) as error:
        read_vector(tmp_path / name)
    assert name in str(error.value)
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(InputError, match="empty"):
        read_vector(tmp_path / name)


def test_a_shapefile_without_shx_says_so(shapefile: Write) -> None:
    path = shapefile()
    path.with_suffix(".shx").unlink()
    with pytest.raises(InputError, match=r"\.shx file is missing"):
        read_vector(path)


def test_geojson_in_cp932_is_read_though_no_standard_allows_it(tmp_path: Path, frame: gpd.GeoDataFrame) -> None:
    path = _write(frame, tmp_path / "roads.geojson")
    text = json.dumps(json.loads(path.read_text(encoding="utf-8")), ensure_ascii=False)
    path.write_bytes(text.encode("cp932"))
    assert read_vector(path).columns["名称"].to_pylist()[1] == "県道金沢線"
