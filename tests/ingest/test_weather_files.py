"""What files of weather say: AMeDAS JSON, the agency's CSV, any CSV, rasters, tables of stations."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from geo.errors import InputError, MappingError
from geo.snow import cell_box, cell_of
from ingest.quarantine import Why
from ingest.weather import format_of
from ingest.weather_amedas import read_amedas
from ingest.weather_csv import read_weather_csv
from ingest.weather_jma_csv import read_jma_csv
from ingest.weather_raster import SnowRaster, read_raster, usable
from ingest.weather_rows import Known, Span, WeatherFile, WeatherRow, sift
from ingest.weather_stations import Station, read_stations

TOKYO = "Asia/Tokyo"
KNOWN = Known({"56227": 1, "56286": 2}, {"金沢": "56227", "白山河内": "56286"})
SPAN = Span(datetime(2000, 1, 1, tzinfo=UTC), datetime(2026, 1, 18, 0, 0, tzinfo=UTC))
AT = datetime(2026, 1, 17, 21, 10, tzinfo=UTC)

LATEST = (
    "観測所番号,都道府県,地点,国際地点番号,現在時刻(年),現在時刻(月),現在時刻(日),現在時刻(時),現在時刻(分),"
    "現在の積雪の深さ(cm),現在の積雪の深さの品質情報,現在の積雪の深さの平年比（%）\n"
)
PAST = (
    "ダウンロードした時刻：2026/01/20 09:00:00\n\n"
    ",金沢,金沢,金沢,金沢,金沢,金沢,金沢,白山河内,白山河内,白山河内\n"
    "年月日時,積雪(cm),積雪(cm),積雪(cm),積雪(cm),降雪(cm),降雪(cm),降雪(cm),積雪(cm),積雪(cm),積雪(cm)\n"
    ",,,,,,,,,,\n"
    ",,現象なし情報,品質情報,均質番号,,品質情報,均質番号,,品質情報,均質番号\n"
)


def said(read: WeatherFile) -> list[tuple[Any, ...]]:
    return [(r.station, r.at.astimezone(UTC), r.span_min, r.value_cm, r.quality, r.is_usable) for r in read.rows]


def reasons(read: WeatherFile) -> list[Why]:
    return [reject.reason for reject in read.rejects.rows]


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, bytes | str], Path]:
    """written(name, content): a file."""

    def write(name: str, content: bytes | str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


type Write = Callable[[str, bytes | str], Path]


def test_a_map_file_is_of_the_moment_in_its_name(written: Write) -> None:
    tree = {
        "56227": {"temp": [-1.2, 0], "snow": [12, 0], "snow1h": [2, 0], "snow6h": [9, 0]},
        "56286": {"snow": [None, 5], "snow1h": [3, 1]},
        "44132": {"snow": [0, 0]},
    }
    path = written("20260118061000.json", json.dumps(tree))
    read = read_amedas(path, TOKYO, None, None)
    assert said(read) == [
        ("56227", AT, 0, 12, 0, True), ("56227", AT, 60, 2, 0, True), ("56286", AT, 0, None, 5, False),
        ("56286", AT, 60, 3, 1, False), ("44132", AT, 0, 0, 0, True),
    ]  # fmt: skip
    assert len(sift(read, KNOWN, SPAN, is_national=True).rows) == 4
    assert (read.n_elsewhere, len(read.rejects)) == (1, 0)


def test_a_map_file_of_no_moment_has_to_be_told_it(written: Write) -> None:
    path = written("latest.json", json.dumps({"56227": {"snow": [12, 0]}}))
    with pytest.raises(InputError, match="of which moment"):
        read_amedas(path, TOKYO, None, None)
    assert said(read_amedas(path, TOKYO, AT, None))[0][1] == AT


def test_a_point_file_tells_three_hours_of_one_station(written: Write) -> None:
    tree = {
        "20260118060000": {"prefNumber": 56, "observationNumber": 227, "snow": [12, 0]},
        "20260118061000": {"snow": [13, 0], "snow1h": [None, 6]},
    }
    read = read_amedas(written("20260118_06.json", json.dumps(tree)), TOKYO, None, None)
    assert said(read) == [
        ("56227", datetime(2026, 1, 17, 21, 0, tzinfo=UTC), 0, 12, 0, True),
        ("56227", AT, 0, 13, 0, True),
        ("56227", AT, 60, None, 6, False),
    ]


def test_a_point_file_may_name_its_station_by_its_folder_alone(written: Write) -> None:
    content = json.dumps({"20260118061000": {"snow": [13, 0]}})
    assert said(read_amedas(written("56286/20260118_06.json", content), TOKYO, None, None))[0][0] == "56286"
    with pytest.raises(InputError, match="of which station"):
        read_amedas(written("20260118_06.json", content), TOKYO, None, None)
    assert said(read_amedas(written("x.json", content), TOKYO, None, "56227"))[0][0] == "56227"


@pytest.mark.parametrize("values", [12, [12], ["deep", 0], [12, None], [[1], 0], [True, 0]])
def test_a_value_without_its_quality_goes_to_quarantine(written: Write, values: object) -> None:
    path = written("20260118061000.json", json.dumps({"56227": {"snow": values}, "56286": {"snow": [1, 0]}}))
    read = read_amedas(path, TOKYO, None, None)
    assert reasons(read) == [Why.MALFORMED]
    assert len(read.rows) == 1


@pytest.mark.parametrize("content", ["", "[]", "{}", "{", '"snow"'])
def test_what_is_no_file_of_amedas_is_refused(written: Write, content: str) -> None:
    with pytest.raises(InputError):
        read_amedas(written("20260118061000.json", content), TOKYO, None, None)


def test_latest_values_of_the_agency(written: Write) -> None:
    text = LATEST + (
        "56227,石川県,金沢（カナザワ）,47605,2026,01,18,06,10,12,8,100\n"
        "56286,石川県,白山河内（ハクサンカワチ）,,2026,01,18,24,00,45,5,90\n"
        "56227,石川県,金沢（カナザワ）,47605,2026,01,18,05,10,,1,\n"
        "56286,石川県,白山河内（ハクサンカワチ）,,2026,01,18,05,10,44,4,\n"
        "56286,石川県,白山河内（ハクサンカワチ）,,2026,13,18,05,10,44,8,\n"
        "56286,石川県,白山河内（ハクサンカワチ）,,2026,01,18,05,10,many,8,\n"
        "56286,短い\n"
    )
    read = read_jma_csv(written("snc00_rct.csv", text.encode("cp932")), None, TOKYO, KNOWN)
    assert said(read) == [
        ("56227", AT, 0, 12, 8, True),
        ("56286", datetime(2026, 1, 18, 15, 0, tzinfo=UTC), 0, 45, 5, True),
        ("56227", datetime(2026, 1, 17, 20, 10, tzinfo=UTC), 0, None, 1, False),
        ("56286", datetime(2026, 1, 17, 20, 10, tzinfo=UTC), 0, 44, 4, False),
    ]
    assert [(r.reason, r.line) for r in read.rejects.rows] == [
        (Why.UNPARSABLE_TIME, 6), (Why.NOT_A_NUMBER, 7), (Why.MALFORMED, 8),
    ]  # fmt: skip
    assert "cp932" in read.encoding


def test_past_values_of_the_agency_name_their_stations(written: Write) -> None:
    rows = "2026/1/18 1:00:00,12,0,8,1,3,8,1,40,8,1\n2026/1/18 2:00:00,,,1,1,,1,1,41,5,1\nfrüher,,,,,,,,,,\n"
    read = read_jma_csv(written("data.csv", PAST.encode("cp932") + rows.encode("cp932", "ignore")), None, TOKYO, KNOWN)
    one, two = datetime(2026, 1, 17, 16, 0, tzinfo=UTC), datetime(2026, 1, 17, 17, 0, tzinfo=UTC)
    assert said(read) == [
        ("56227", one, 0, 12, 8, True), ("56227", one, 60, 3, 8, True), ("56286", one, 0, 40, 8, True),
        ("56227", two, 0, None, 1, False), ("56227", two, 60, None, 1, False), ("56286", two, 0, 41, 5, True),
    ]  # fmt: skip
    assert [(r.reason, r.line) for r in read.rejects.rows] == [(Why.UNPARSABLE_TIME, 9)]


def test_past_values_of_a_station_that_nobody_knows_are_refused(written: Write) -> None:
    path = written("data.csv", (PAST + "2026/1/18 1:00:00,12,0,8,1,3,8,1,40,8,1\n").encode("cp932"))
    with pytest.raises(InputError, match="白山河内"):
        read_jma_csv(path, None, TOKYO, Known({"56227": 1}, {"金沢": "56227"}))


def test_past_values_without_their_quality_are_refused(written: Write) -> None:
    text = "ダウンロードした時刻：2026/01/20 09:00:00\n\n,金沢\n年月日時,積雪(cm)\n,\n2026/1/18 1:00:00,12\n"
    with pytest.raises(InputError, match="no quality"):
        read_jma_csv(written("data.csv", text.encode("cp932")), None, TOKYO, KNOWN)


def test_other_files_of_the_agency_are_refused(written: Write) -> None:
    with pytest.raises(InputError, match="no column 現在の積雪の深さ"):
        read_jma_csv(written("pre.csv", LATEST.replace("積雪の深さ", "降水量").encode("cp932")), None, TOKYO, KNOWN)
    with pytest.raises(InputError, match="neither"):
        read_jma_csv(written("x.csv", "a,b\n1,2\n"), None, TOKYO, KNOWN)


def test_any_csv_by_its_columns(written: Write) -> None:
    text = "観測所,日時,積雪深,降雪量\nA,2026-01-18 06:10,12.5,2\nB,2026-01-18T06:10+09:00,,\n,2026-01-18 06:10,1,1\n"
    text += "A,soon,1,1\nA,2026-01-18 06:20,deep,1\n"
    read = read_weather_csv(written("w.csv", text), None, {}, TOKYO, None)
    assert said(read) == [
        ("A", AT, 0, 12.5, None, True), ("A", AT, 60, 2, None, True), ("B", AT, 0, None, None, False),
        ("B", AT, 60, None, None, False),
    ]  # fmt: skip
    assert [(r.reason, r.line) for r in read.rejects.rows] == [
        (Why.MISSING_ID, 4), (Why.UNPARSABLE_TIME, 5), (Why.NOT_A_NUMBER, 6),
    ]  # fmt: skip


def test_a_fall_may_be_of_ten_minutes(written: Write) -> None:
    fields = {"snowfall_cm": "f", "snowfall_min": "=10"}
    read = read_weather_csv(written("w.csv", "station,at,f\nA,2026-01-18 06:10,0.4\n"), None, fields, TOKYO, None)
    assert said(read) == [("A", AT, 10, 0.4, None, True)]


def test_a_csv_without_snow_is_no_weather(written: Write) -> None:
    with pytest.raises(MappingError, match="snow_depth_cm"):
        read_weather_csv(written("w.csv", "station,at,temp\nA,2026-01-18 06:10,1\n"), None, {}, TOKYO, None)


@pytest.mark.parametrize(
    ("value", "span_min", "why"),
    [(999.0, 0, Why.OUT_OF_RANGE), (-1.0, 0, Why.OUT_OF_RANGE), (301.0, 60, Why.OUT_OF_RANGE), (800.0, 0, None)],
)
def test_what_no_snow_can_be_goes_to_quarantine(value: float, span_min: int, why: Why | None) -> None:
    read = WeatherFile(rows=[WeatherRow("56227", AT, span_min, value, 0, True)])
    assert reasons(sift(read, KNOWN, SPAN, is_national=False)) == [why] * (why is not None)


def test_times_that_cannot_be_and_unknown_stations_go_to_quarantine() -> None:
    late, early = datetime(2026, 1, 18, 0, 0, 1, tzinfo=UTC), datetime(1999, 1, 1, tzinfo=UTC)
    rows = [WeatherRow("56227", late, 0, 1, 0, True), WeatherRow("56227", early, 0, 1, 0, True),
            WeatherRow("X", AT, 0, 1, 0, True)]  # fmt: skip
    found = sift(WeatherFile(rows=rows), KNOWN, SPAN, is_national=False)
    assert reasons(found) == [Why.FUTURE_TIME, Why.TOO_OLD, Why.UNKNOWN_STATION]


def test_a_station_that_measures_no_snow_says_nothing_of_it() -> None:
    known = Known({"56116": 3}, {}, frozenset({"56116"}))
    rows = [WeatherRow("56116", AT, 60, 0, 6, False), WeatherRow("56116", AT, 0, 4, 0, True)]
    assert [row.value_cm for row in sift(WeatherFile(rows=rows), known, SPAN, is_national=True).rows] == [4]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'\n {"56227": {}}', "amedas"), (LATEST.encode("cp932"), "jma_csv"), (PAST.encode("cp932"), "jma_csv"),
        (LATEST.encode("utf-8-sig"), "jma_csv"), (b"station,at\n", "csv"), (b"II*\0....", "raster"),
    ],
)  # fmt: skip
def test_the_format_is_found_by_the_content(written: Write, content: bytes, kind: str) -> None:
    assert format_of(written("file", content)) == kind


def raster_of(path: Path, depth: np.ndarray, *, crs: str | None, west: float, north: float, size: tuple[float, float],
              **tags: str) -> Path:  # fmt: skip
    profile = {"driver": "GTiff", "width": depth.shape[1], "height": depth.shape[0], "count": 1, "dtype": "float32"}
    where = {"crs": crs, "transform": from_origin(west, north, *size), "nodata": -9999.0}
    with rasterio.open(path, "w", **profile, **where) as made:
        made.write(depth.astype("float32"), 1)
        made.update_tags(**tags)
    return path


def depth_at(raster: SnowRaster, lon: float, lat: float) -> float:
    return float(raster.depth_cm[np.searchsorted(raster.cell, cell_of(lon, lat)[0])])


def test_a_fine_raster_gives_each_cell_the_mean_of_its_pixels(tmp_path: Path) -> None:
    """Ten by ten pixels a cell: the west half of one 10 cm, its east half 30 cm; of the next half is nodata."""
    cell = cell_of(136.65, 36.57)
    west, _, _, north = cell_box(cell)[0]
    depth = np.full((10, 20), 10.0)
    depth[:, 5:10], depth[:, 10:15], depth[:, 15:] = 30.0, 7.0, -9999.0
    path = raster_of(tmp_path / "a.tif", depth, crs="EPSG:4326", west=west, north=north,
                     size=(1 / 800, 1 / 1200), at="2026-01-18T06:10")  # fmt: skip
    raster = read_raster(path, TOKYO, None, None, None)
    assert raster.at == AT
    assert depth_at(raster, 136.65, 36.57) == pytest.approx(20)
    assert depth_at(raster, 136.6625, 36.57) == pytest.approx(7)
    good, bad = usable(raster)
    assert (good.sum(), bad.sum()) == (2, 0)


def test_a_coarse_raster_gives_all_cells_of_a_pixel_its_value(tmp_path: Path) -> None:
    path = raster_of(tmp_path / "a.tif", np.array([[0.4, 12.0], [-0.1, 1.0]]), crs="EPSG:4326", west=136.5, north=36.7,
                     size=(0.1, 0.1), TIFFTAG_DATETIME="2026:01:18 06:10:00")  # fmt: skip
    raster = read_raster(path, TOKYO, None, "m", (136.4, 36.4, 136.8, 36.8))
    assert raster.at == AT
    assert depth_at(raster, 136.55, 36.65) == pytest.approx(40)
    good, bad = usable(raster)
    assert bad.sum() == good.sum() == 192
    assert np.all(np.diff(raster.cell) > 0)


def test_a_raster_in_a_plane_crs_is_laid_on_the_mesh(tmp_path: Path) -> None:
    path = raster_of(tmp_path / "a.tif", np.full((50, 50), 25.0), crs="EPSG:6675", west=-60_000.0, north=70_000.0,
                     size=(500.0, 500.0))  # fmt: skip
    raster = read_raster(path, TOKYO, AT, "cm", None)
    told = raster.depth_cm[~np.isnan(raster.depth_cm)]
    assert len(told) > 400
    assert np.allclose(told, 25)


def test_a_raster_has_to_say_when_and_where_it_is(tmp_path: Path) -> None:
    place = {"west": 136.5, "north": 36.7, "size": (0.1, 0.1)}
    path = raster_of(tmp_path / "a.tif", np.ones((2, 2)), crs="EPSG:4326", **place)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="of which moment"):
        read_raster(path, TOKYO, None, None, None)
    with pytest.raises(InputError, match="does not touch"):
        read_raster(path, TOKYO, AT, None, (0.0, 0.0, 1.0, 1.0))
    with pytest.raises(InputError, match="no unit"):
        read_raster(path, TOKYO, AT, "feet", None)
    (tmp_path / "b.tif").write_bytes(b"II*\0 not really")
    with pytest.raises(InputError, match="not readable"):
        read_raster(tmp_path / "b.tif", TOKYO, AT, None, None)


def test_the_table_of_the_agency(written: Write) -> None:
    tree = {
        "56227": {"type": "A", "elems": "11111111", "lat": [36, 35.3], "lon": [136, 38.0], "alt": 6, "kjName": "金沢"},
        "56116": {"type": "C", "elems": "11112010", "lat": [37, 8.6], "lon": [136, 43.5], "alt": 6, "kjName": "志賀"},
        "bad": {"lat": [95, 0], "lon": [136, 0], "kjName": "極"},
    }
    table = read_stations(written("amedastable.json", json.dumps(tree)), None, {})
    assert [(s.external_id, s.name, s.elevation_m, s.has_snow) for s in table.rows] == [
        ("56227", "金沢", 6, True), ("56116", "志賀", 6, False),
    ]  # fmt: skip
    assert table.rows[0].lat == pytest.approx(36 + 35.3 / 60)
    assert [r.reason for r in table.rejects.rows] == [Why.MALFORMED]


def test_a_table_as_geojson_or_csv(written: Write) -> None:
    feature = {"type": "Feature", "id": "56036", "geometry": {"type": "Point", "coordinates": [137.28667, 37.44667]},
               "properties": {"name": "珠洲", "alt_m": 4, "has_snow": True}}  # fmt: skip
    collection = {"type": "FeatureCollection", "features": [feature, feature]}
    table = read_stations(written("a.geojson", json.dumps(collection)), None, {})
    wanted = Station("56036", "珠洲", 137.28667, 37.44667, 4, True)
    assert table.rows == [wanted]
    assert [r.reason for r in table.rejects.rows] == [Why.DUPLICATE_ID]
    text = "観測所番号,観測所名,経度,緯度,標高,積雪\n56036,珠洲,137.28667,37.44667,4,有\n1,海,,,,\n"
    table = read_stations(written("a.csv", text.encode("cp932")), None, {})
    assert table.rows == [wanted]
    assert len(table.rejects) == 1


@pytest.mark.realdata
def test_the_stations_of_ishikawa(yuki_data: Path) -> None:
    table = read_stations(yuki_data / "ishikawa" / "amedas_stations.geojson", None, {})
    assert (len(table.rows), len(table.rejects)) == (16, 0)
    assert sum(station.has_snow is True for station in table.rows) == 6
