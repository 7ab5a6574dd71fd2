"""Places and cameras from files: kinds, ids that stay, positions judged one by one, Japanese writing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import shapely

from geo.db import Database, Role
from geo.settings import SourceSettings
from ingest.degrees import degrees_of
from ingest.place_checks import ids_by_words, position_fault
from ingest.place_kinds import as_count, as_facility_kind, as_interval_s, as_link, as_network_class
from ingest.places import ingest_places, ingest_register, said_of_file
from ingest.plan_rows import read_plan_rows
from ingest.plan_values import Unreadable
from ingest.quarantine import Rejects, Why

AREA = (136.0, 36.0, 137.5, 37.6)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("36.56", 36.56),
        ("３６．５６", 36.56),
        ("36°33'36\"", 36.56),
        ("36°33′36″N", 36.56),
        ("北緯36度33分36秒", 36.56),
        ("36度33.6分", 36.56),
        ("136度", 136.0),
        ("36 33 36", 36.56),
        ("36°33'36\"S", -36.56),
        ("西経5度30分", -5.5),
    ],
)
def test_degrees_are_read_as_people_write_them(text: str, value: float) -> None:
    assert degrees_of(text) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("text", ["", "x", "36°61'", "36°33'99\"", "1,2", "36°33'36\"45"])
def test_what_is_no_degrees_is_none(text: str) -> None:
    assert np.isnan(degrees_of(text))


def test_words_become_kinds_links_intervals_and_classes() -> None:
    assert [as_facility_kind(word, {}, None) for word in ("救急病院", "小学校", "snow_dump", "雪捨て場")] == [
        "emergency_hospital", "school", "snow_dump", "snow_dump",
    ]  # fmt: skip
    assert as_facility_kind("Klinik", {"Klinik": "hospital"}, None) == "hospital"
    assert [as_interval_s(text, {}, None) for text in ("300", "5分", "5分ごと", "10 min", "1時間")] == [
        300, 300, 300, 600, 3600,
    ]  # fmt: skip
    assert [as_network_class(text, {}, None) for text in ("1", "第1次", "二次", "第三次緊急輸送道路")] == [1, 1, 2, 3]
    assert as_count("1,200人", {}, None) == 1200
    assert as_link("https://camera.example/a.jpg?k=1", {}, None).startswith("https")
    refused = [(as_facility_kind, "駅"), (as_interval_s, "5"), (as_interval_s, "2日"), (as_network_class, "特"),
               (as_link, "ftp://x/y"), (as_link, "//x"), (as_link, "http://x:y/"), (as_count, "多数")]  # fmt: skip
    for read, text in refused:
        with pytest.raises(Unreadable):
            read(text, {}, None)


@pytest.mark.parametrize(
    ("lon", "lat", "reason"),
    [
        (136.65, 36.56, None),
        (36.56, 136.65, Why.SWAPPED_COORDINATES),
        (0, 0, Why.ZERO_POSITION),
        (139.7, 35.7, Why.OUTSIDE_AREA),
        (float("nan"), 36.0, Why.NOT_FINITE),
        (500, 36.0, Why.NOT_FINITE),
    ],
)
def test_positions_are_judged_one_by_one(lon: float, lat: float, reason: Why | None) -> None:
    fault = position_fault(lon, lat, AREA)
    assert (fault and fault[0]) == reason


def test_an_id_without_a_column_rests_on_words_and_on_the_place_only_where_it_must() -> None:
    points = np.array([shapely.Point(136.65, 36.56), shapely.Point(136.9, 37.0), shapely.Point(136.7, 36.6)], object)
    words = [("school", "緑小学校"), ("school", "緑小学校"), ("school", "港小学校")]
    ids = ids_by_words(words, points, with_place=True)
    assert ids == ["school|緑小学校@136.650,36.560", "school|緑小学校@136.900,37.000", "school|港小学校"]
    assert ids_by_words([(None, None)], points[:1], with_place=True) == [None]


LINES = [
    "施設名,種別,住所,電話番号,収容人数,緯度,経度",
    "金沢中央病院,救急病院,金沢市１－１,０７６－１２３－４５６７,,３６．５６,１３６．６５",
    "港小学校,小学校,金沢市2,,450人,36度36分0秒,136度35分24秒",
    "逆さ病院,病院,,,,136.66,36.57",
    "東京病院,病院,,,,35.68,139.76",
    ",病院,,,,36.58,136.67",
    "名のない駅,駅,,,,36.58,136.67",
    "港小学校,小学校,また,,,36.6,136.59",
    "多すぎ避難所,避難所,,,いっぱい,36.59,136.66",
    "だめ,病院,1,2",
]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932"])
def test_a_japanese_table_with_every_fault(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "places.csv"
    path.write_bytes("\r\n".join(LINES).encode(encoding))
    rejects = Rejects()
    read = read_plan_rows(path, "places", "pref", SourceSettings(), rejects, AREA)
    found = {row.external_id: json.loads(row.attributes) for row in read.rows}
    assert list(found) == [
        "救急病院|金沢中央病院", "小学校|港小学校@136.590,36.600", "避難所|多すぎ避難所",
    ]  # fmt: skip
    first = found["救急病院|金沢中央病院"]
    assert (first["kind"], first["address"], first["phone"]) == ("emergency_hospital", "金沢市1-1", "076-123-4567")
    assert found["小学校|港小学校@136.590,36.600"]["capacity"] == 450
    assert shapely.equals_exact(read.rows[1].geometry, shapely.Point(136.59, 36.6), 1e-9)
    assert found["避難所|多すぎ避難所"]["capacity"] is None
    assert read.blanked.describe() == {"capacity": {"いっぱい": 1}}
    assert {reject.line: reject.reason for reject in rejects.rows} == {
        4: Why.SWAPPED_COORDINATES, 5: Why.OUTSIDE_AREA, 6: Why.MISSING_FIELD, 7: Why.MISSING_FIELD,
        8: Why.DUPLICATE_ID, 10: Why.MALFORMED,
    }  # fmt: skip


def test_places_that_lie_on_each_other_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,name,lon,lat\n1,東病院,136.6500,36.5600\n2,ひがし病院,136.6501,36.5601\n3,西病院,136.7,36.6\n")
    source = said_of_file(SourceSettings(), kind="hospital", licence="CC BY 4.0")
    read = read_plan_rows(path, "places", "pref", source, Rejects(), AREA)
    assert read.notes == ["1 pairs of hospital lie within some 30 m of each other"]
    assert {json.loads(row.attributes)["licence"] for row in read.rows} == {"CC BY 4.0"}


def test_a_file_stands_for_its_kind_and_leaves_other_kinds_alone(database: Database, tmp_path: Path) -> None:
    hospitals, shelters = tmp_path / "h.csv", tmp_path / "s.csv"
    hospitals.write_text("id,name,lon,lat\nH1,中央病院,136.65,36.56\n")
    shelters.write_text("id,name,lon,lat\nS1,体育館,136.66,36.57\n")
    source = SourceSettings()
    for path, kind in ((hospitals, "hospital"), (shelters, "shelter")):
        assert ingest_places(database, path, kind, "pref", source).is_changed
    again = ingest_places(database, hospitals, "hospital", "pref", source)
    assert (again.is_repeat, again.is_changed) == (True, False)
    hospitals.write_text("id,name,lon,lat\nH2,新しい病院,136.65,36.56\n")
    assert ingest_places(database, hospitals, "hospital", "pref", source).is_changed
    with database.connect(Role.INGEST) as connection:
        found = connection.execute(
            "SELECT p.layer, p.external_id FROM raw.plan AS p JOIN raw.plan_set USING (file_id, kind, layer) ORDER BY 1"
        ).fetchall()
    assert found == [("hospital", "H2"), ("shelter", "S1")]


def test_cameras_need_an_address_and_an_interval(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "cameras.csv"
    path.write_text(
        "カメラID,カメラ名,路線,画像URL,更新間隔,経度,緯度\n"
        "1,倶利伽羅,国道8号,https://camera.example/1.jpg,5分,136.8,36.67\n"
        "2,壊れた,国道8号,camera.example/2.jpg,5分,136.8,36.67\n"
        "3,遅い,国道8号,https://camera.example/3.jpg,いつか,136.8,36.67\n"
    )
    report = ingest_register(database, "cameras", path, "road-office", SourceSettings())
    assert (report.n_rows, report.quarantined) == (1, {"missing_field": 1, "not_a_number": 1})


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "kind", "n"), [("ishikawa_evacuation", "shelter", 941), ("ishikawa_emergency", "emergency_site", 1536)]
)
def test_the_shelters_of_ishikawa(yuki_data: Path, name: str, kind: str, n: int) -> None:
    rejects = Rejects()
    source = said_of_file(SourceSettings(), kind=kind)
    read = read_plan_rows(yuki_data / "ishikawa" / f"{name}.geojson", "places", "gsi", source, rejects, AREA)
    assert len(read.rows) + len(rejects) == n
    assert len(read.rows) >= 0.99 * n, rejects.by_reason()
    assert all(row.external_id.startswith("E17") for row in read.rows)
    assert "石川県" in str(json.loads(read.rows[0].attributes)["address"])
