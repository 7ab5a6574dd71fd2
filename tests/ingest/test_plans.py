"""Plans into raw.plan: exactly the named attributes, pieces joined, faulty rows in quarantine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from geo.db import Database
from geo.errors import InputError, MappingError
from geo.settings import SourceSettings
from ingest import plans as plans_module
from ingest.plan_kinds import KINDS, PlanKind
from ingest.plans import ingest_plans
from ingest.quarantine import Why
from tests.ingest.conftest import Rows, Write

TOKYO = SourceSettings(timezone="Asia/Tokyo")
PLAN = "SELECT external_id, attributes, ST_AsText(geom, 2) FROM raw.plan ORDER BY item"
QUARANTINE = "SELECT line, item, reason FROM raw.quarantine ORDER BY quarantine_id"


def _lines(*wkt: str, **columns: list[Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=[shapely.from_wkt(text) for text in wkt], crs=4326)


def test_routes_have_exactly_their_attributes(database: Database, tmp_path: Path, rows: Rows) -> None:
    frame = _lines(
        *(f"LINESTRING ({x} 36.5, {x}5 36.5)" for x in (136.6, 136.8, 137.0)),
        除雪路線番号=["R1", "R1", "R2"], 名称=["国道８号", "国道８号", None], 種別=["第1種", "第1種", "第2種"],
        管理者=["国", "国", "金沢県"], 土木事務所=["金沢", "金沢", None], 目標時刻=["７：００", "７：００", "25:00"],
        出動基準=["10cm", "10cm", None], 優先路線=["1", "1", "0"], color=["red", "red", "blue"],
    )  # fmt: skip
    frame.to_file(tmp_path / "routes.gpkg")
    report = ingest_plans(database, "routes", tmp_path / "routes.gpkg", "pref", SourceSettings())
    first, second = rows(PLAN)
    assert first == (
        "R1",
        {
            "name": "国道8号", "route_class": "第1種", "manager": "nation", "office": "金沢", "target_time": "07:00",
            "callout_depth_cm": 10.0, "is_priority_network": True, "synthetic": False,
        },
        "MULTILINESTRING((136.6 36.5,136.65 36.5),(136.8 36.5,136.85 36.5))",
    )  # fmt: skip
    assert second[1] == {
        "name": "R2", "route_class": "第2種", "manager": None, "office": None, "target_time": None,
        "callout_depth_cm": None, "is_priority_network": False, "synthetic": False,
    }  # fmt: skip
    assert report.blanked == {"manager": {"金沢県": 1}, "target_time": {"25:00": 1}}
    assert (report.counts.n_read, report.counts.n_accepted, report.n_rows) == (3, 3, 2)


def test_a_route_may_name_roads_instead_of_a_line(database: Database, text_file: Write, rows: Rows) -> None:
    path = text_file("routes.csv", ["route_id,name,road_id,from_m,to_m", "R1,本町線,17,,", "R1,本町線,18,0,120.5"])
    ingest_plans(database, "routes", path, "pref", SourceSettings())
    ((external_id, attributes, geometry),) = rows(PLAN)
    assert (external_id, geometry) == ("R1", None)
    assert attributes["roads"] == [
        {"road_id": "17", "from_m": None, "to_m": None}, {"road_id": "18", "from_m": 0.0, "to_m": 120.5},
    ]  # fmt: skip


def test_assignments_from_a_cp932_csv(database: Database, text_file: Write, rows: Rows) -> None:
    path = text_file(
        "assignments.csv",
        [
            "route_id,section_id,業者,機械,機種,vehicle,開始日時,終了日時",
            "R1,,雪組,グレーダ１号,グレーダ,S-17,2026/1/18 2:00,2026/1/18 8:00",
            ",W1,雪組,２号,,,2026-01-18T02:00:00+09:00,",
            "R2,,,３号,,,2026/1/18 2:00,",
            ",,雪組,４号,,,2026/1/18 2:00,",
            "R3,,雪組,５号,,,2026/1/18 8:00,2026/1/18 2:00",
            "R4,,雪組,６号,,,今朝,",
            "R5,短い行",
        ],
        "cp932",
    )
    report = ingest_plans(database, "assignments", path, "pref", TOKYO)
    found = rows(PLAN)
    assert found[0][1] == {
        "route_id": "R1", "section_id": None, "contractor": "雪組", "machine": "グレーダ1号",
        "machine_class": "グレーダ",
        "source": "pref", "vehicle": "S-17", "from_at": "2026-01-17T17:00:00+00:00",
        "to_at": "2026-01-17T23:00:00+00:00", "synthetic": False,
    }  # fmt: skip
    assert (found[1][1]["vehicle"], found[1][1]["source"], found[1][1]["to_at"]) == (None, None, None)
    assert rows(QUARANTINE) == [
        (8, None, Why.MALFORMED), (4, 2, Why.MISSING_FIELD), (5, 3, Why.MISSING_FIELD), (6, 4, Why.EMPTY_PERIOD),
        (7, 5, Why.UNPARSABLE_TIME),
    ]  # fmt: skip
    assert (report.counts.n_read, report.counts.n_accepted, report.counts.n_quarantined) == (7, 2, 5)
    assert report.encoding == "cp932 (detected)"


def test_planned_passes_know_our_treatments(database: Database, text_file: Write, rows: Rows) -> None:
    lines = [
        "route_id,treatment,planned_start_at,planned_end_at",
        "R1,新雪除雪,2026-01-18T02:00,2026-01-18T04:00",
        "R1,なでる,2026-01-18T02:00,2026-01-18T04:00",
    ]
    report = ingest_plans(database, "plans", text_file("plans.csv", lines), "pref", TOKYO)
    assert [row[1]["treatment"] for row in rows(PLAN)] == ["fresh_snow_plowing", None]
    assert rows(PLAN)[0][1]["planned_start_at"] == "2026-01-17T17:00:00+00:00"
    assert report.blanked == {"treatment": {"なでる": 1}}


def test_kilometre_posts(database: Database, text_file: Write, rows: Rows) -> None:
    lines = [
        "\ufeff路線,距離標,経度,緯度",
        "国道8号,12k300,136.6,36.5",
        "国道8号,13,136.61,",
        "国道8号,終点,136.6,36.5",
    ]
    ingest_plans(database, "kmposts", text_file("posts.csv", lines), "pref", SourceSettings())
    assert rows(PLAN) == [("国道8号:12.3", {"route": "国道8号", "km": 12.3, "synthetic": False}, "POINT(136.6 36.5)")]
    assert rows(QUARANTINE) == [(3, 1, Why.BAD_GEOMETRY), (4, 2, Why.NOT_A_NUMBER)]


def test_depots_in_a_plane_crs_and_twice_the_same_id(database: Database, text_file: Write, rows: Rows) -> None:
    path = text_file("depots.csv", ["depot_id,name,x,y", "D1,金沢,-47000,62000", "D1,また,-47000,62000"])
    with pytest.raises(InputError, match="does not say its CRS"):
        ingest_plans(database, "depots", path, "pref", SourceSettings())
    ingest_plans(database, "depots", path, "pref", SourceSettings(crs="EPSG:6675"))
    assert rows(PLAN) == [("D1", {"name": "金沢", "synthetic": False}, "POINT(136.64 36.56)")]
    assert rows(QUARANTINE) == [(3, 1, Why.DUPLICATE_ID)]


def test_areas_of_one_id_are_one_row_and_keep_every_column(database: Database, tmp_path: Path, rows: Rows) -> None:
    square = "POLYGON ((136 36, 136.1 36, 136.1 36.1, 136 36))"
    frame = _lines(
        square, square.replace("136.1", "136.2"), "LINESTRING (136 36, 136.1 36)",
        N03_007=["17201", "17201", "17202"], N03_004=["金沢市", "金沢市", "七尾市"], pop=[1, 1, 2],
    )  # fmt: skip
    frame.to_parquet(tmp_path / "n03.parquet")
    report = ingest_plans(database, "areas", tmp_path / "n03.parquet", "mlit", SourceSettings())
    ((external_id, attributes, geometry),) = rows(PLAN)
    assert (external_id, attributes) == ("17201", {"name": "金沢市", "pop": 1, "synthetic": False})
    assert geometry.startswith("MULTIPOLYGON")
    assert (report.layer, report.quarantined) == ("municipalities", {"wrong_geometry": 1})


def test_a_layer_whose_ids_repeat_keeps_them_as_a_column(database: Database, tmp_path: Path, rows: Rows) -> None:
    point = "POINT (136 36)"
    _lines(point, point, id=["a", "a"], name=["x", None]).to_file(tmp_path / "Places.gpkg")
    report = ingest_plans(database, "layer", tmp_path / "Places.gpkg", "mlit", SourceSettings(synthetic=True))
    assert rows(PLAN) == [
        ("#0", {"id": "a", "name": "x", "synthetic": True}, "POINT(136 36)"),
        ("#1", {"id": "a", "name": None, "synthetic": True}, "POINT(136 36)"),
    ]
    assert report.layer == "places"


def test_every_kind_can_be_read_by_its_own_column_names(database: Database, text_file: Write, rows: Rows) -> None:
    """A file whose header has the names of docs/reference/plans.md needs no mapping."""
    shapes = {"line": "LINESTRING (136 36, 136.1 36)", "area": "POLYGON ((136 36, 136.1 36, 136.1 36.1, 136 36))"}
    samples = {
        "target_time": "07:00", "callout_depth_cm": "10", "depth_cm": "15", "is_priority_network": "true",
        "manager": "prefecture", "treatment": "widening", "km": "1.5",
        "kind": "hospital", "capacity": "120", "link": "https://camera.example/1.jpg", "interval_s": "300",
        "network_class": "1",
    }  # fmt: skip
    for name, kind in KINDS.items():
        fields = list(kind.fields)
        values = [
            samples.get(f, f"2026-01-0{1 + (f.endswith(('end_at', 'to_at')))}T00:00Z" if f.endswith("_at") else f)
            for f in fields
        ]
        wkt = next((shapes.get(word, "POINT (136 36)") for word in sorted(kind.geometry)), "")
        lines = [";".join([kind.id_names[0], *fields, "wkt"]), ";".join(["X1", *values, wkt])]
        report = ingest_plans(database, name, text_file(f"{name}.csv", lines), "s", SourceSettings())
        assert (report.n_rows, report.blanked, report.quarantined) == (1, {}, {}), name
        assert set(report.mapping) >= set(fields)
    assert rows("SELECT count(*) FROM raw.plan_set") == [(len(KINDS),)]


def test_the_same_file_again_writes_nothing_and_another_replaces_it(
    database: Database, text_file: Write, rows: Rows
) -> None:
    head = "depot_id,name,lon,lat"
    first = text_file("a.csv", [head, "D1,金沢,136.6,36.5"])
    second = text_file("b.csv", [head, "D2,七尾,136.9,37.0"])
    one = ingest_plans(database, "depots", first, "pref", SourceSettings())
    again = ingest_plans(database, "depots", first, "pref", SourceSettings())
    assert (again.is_repeat, again.is_changed, again.counts) == (True, False, one.counts)
    ingest_plans(database, "depots", second, "pref", SourceSettings())
    current = "SELECT external_id FROM raw.plan JOIN raw.plan_set USING (file_id)"
    assert rows(current) == [("D2",)]
    back = ingest_plans(database, "depots", first, "pref", SourceSettings())
    assert (back.is_repeat, back.is_changed) == (True, True)
    assert rows(current) == [("D1",)]


def test_a_killed_ingest_is_completed_by_the_next(
    database: Database, text_file: Write, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = text_file("a.csv", ["depot_id,name,lon,lat", "D1,金沢,136.6,36.5", "D1,また,136.6,36.5"])

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(plans_module, "complete", die)
        with pytest.raises(KeyboardInterrupt):
            ingest_plans(database, "depots", path, "pref", SourceSettings())
    assert rows("SELECT count(*) FROM raw.plan") == [(0,)]
    assert not ingest_plans(database, "depots", path, "pref", SourceSettings()).is_repeat
    assert rows("SELECT (SELECT count(*) FROM raw.plan), (SELECT count(*) FROM raw.quarantine)") == [(1, 1)]


@pytest.mark.parametrize(
    ("kind", "lines", "error", "message"),
    [
        ("routes", ["name,wkt", "x,LINESTRING (136 36)"], MappingError, "no column for id"),
        (
            "assignments",
            ["route_id,machine,from_at", "R1,m,2026-01-01T00:00Z"],
            MappingError,
            "no column for contractor",
        ),
        (
            "plans",
            ["route_id,planned_start_at,planned_end_at", "R1,2026-01-01 00:00,2026-01-01 01:00"],
            InputError,
            "zone",
        ),
        ("depots", ["depot_id,name,lon,lat", "D1,x,36.5,136.6"], InputError, "latitude and longitude are swapped"),
        ("depots", ["depot_id,name,lon,lat"], InputError, "no rows below the header"),
        ("depots", ["depot_id,name,name,lat", "D1,a,b,1"], InputError, "names name twice"),
        ("routes", ["route_id,wkt", "R1,POINT (136 36)"], InputError, "not one usable row.*wrong_geometry"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(
    database: Database,
    text_file: Write,
    rows: Rows,
    kind: PlanKind,
    lines: list[str],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        ingest_plans(database, kind, text_file("a.csv", lines), "pref", SourceSettings())
    assert rows("SELECT (SELECT count(*) FROM raw.plan_set), (SELECT count(*) FROM raw.plan)") == [(0, 0)]


@pytest.mark.realdata
def test_real_reference_layers(database: Database, yuki_data: Path, rows: Rows) -> None:
    folder = yuki_data / "ishikawa"
    areas = ingest_plans(database, "areas", folder / "municipalities_N03.geojson", "mlit", SourceSettings())
    small = ingest_plans(database, "layer", folder / "noto_town_koaza.fgb", "estat", SourceSettings())
    roads = ingest_plans(
        database, "layer", folder / "emergency_roads_N10.geojson", "mlit", SourceSettings(fields={"name": "N10_004"}),
        layer="emergency_roads",
    )  # fmt: skip
    assert (areas.n_rows, small.n_rows, roads.n_rows) == (19, 202, 244)
    assert rows("SELECT attributes ->> 'name' FROM raw.plan WHERE external_id = '17201'") == [("金沢市",)]
    ((inside,),) = rows(
        "SELECT bool_and(ST_Within(ST_Centroid(geom), ST_MakeEnvelope(136.2, 36, 137.5, 37.9, 4326))) FROM raw.plan"
    )
    assert inside


def test_assigned_vehicles_are_known_before_their_first_fix(database: Database, text_file: Write, rows: Rows) -> None:
    """Else a machine that never reports would count as one without a device, and not as silent."""
    file = text_file(
        "a.csv",
        [
            "route_id,contractor,machine,source,vehicle,from_at,to_at",
            "R1,A,M1,fleet,P1,2025-11-01T00:00:00+09:00,2026-04-30T00:00:00+09:00",
            "R2,A,M2,,,2025-11-01T00:00:00+09:00,2026-04-30T00:00:00+09:00",
        ],
    )
    for _ in range(2):
        ingest_plans(database, "assignments", file, "plans", SourceSettings())
    found = rows("SELECT s.name, v.external_id FROM raw.vehicle AS v JOIN raw.source AS s USING (source_id)")
    assert found == [("fleet", "P1")]
