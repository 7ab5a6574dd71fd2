"""Road files into raw.road: kept, repeated, replaced, killed half way, and refused with a clear message."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.db import Database
from geo.errors import InputError, MappingError
from geo.settings import SourceSettings
from ingest import roads as roads_module
from ingest.mapping import Unmapped
from ingest.quarantine import Rejects, Why
from ingest.roads import ingest_roads, read_roads
from tests.ingest.conftest import Rows, Write

COUNTS = "SELECT (SELECT count(*) FROM raw.road), (SELECT count(*) FROM raw.ingest_file)"


def test_a_shapefile_arrives_with_its_attributes(database: Database, shapefile: Write, rows: Rows) -> None:
    report = ingest_roads(database, [shapefile()], "city", SourceSettings())
    found = rows(
        "SELECT external_id, part, name, manager, road_class, oneway, attributes, ST_SRID(geom), "
        "ST_Length(geom::geography) FROM raw.road ORDER BY external_id, part"
    )
    assert [row[:7] for row in found] == [
        ("#0", 0, "国道八号", "nation", "national", 0, {"番号": "A1"}),
        ("#1", 0, "県道金沢線", "prefecture", "prefectural", 0, {"番号": "A2"}),
        ("#1", 1, "県道金沢線", "prefecture", "prefectural", 0, {"番号": "A2"}),
        ("#2", 0, "香林坊通り", "municipality", "municipal", 1, {"番号": "A3"}),
    ]
    assert [row[7] for row in found] == [4326] * 4
    assert [row[8] for row in found] == pytest.approx([1000, 500, 400, 100], rel=0.002)
    assert report.counts == roads_module.Counts(3, 3, 0, 0)
    assert report.n_lines == 4
    assert report.km == pytest.approx(2.0, rel=0.003)
    assert report.km_by_manager == pytest.approx({"nation": 1, "prefecture": 0.9, "municipality": 0.1}, rel=0.005)
    assert report.files[0].encoding == "cp932 (detected)"
    assert report.files[0].crs == "EPSG:6675 (file)"
    assert report.files[0].mapping["manager"] == "管理者 (by its name)"


def test_a_mapping_by_flags_and_values(database: Database, frame: gpd.GeoDataFrame, tmp_path: Path, rows: Rows) -> None:
    frame = frame.rename(columns={"番号": "k1", "名称": "k2", "管理者": "k3", "道路種別": "k4", "一方通行": "k5"})
    frame["k3"] = ["1", "2", "3"]
    frame.to_file(tmp_path / "a.gpkg")
    fields = {"id": "k1", "name": "k2", "manager": "k3", "class": "k4", "oneway": "k5", "route": "k2"}
    words = {"manager": {"1": "nation", "2": "prefecture"}, "oneway": {"1": "-1"}}
    report = ingest_roads(database, [tmp_path / "a.gpkg"], "city", SourceSettings(fields=fields, values=words))
    found = rows("SELECT external_id, route, manager, oneway FROM raw.road WHERE part = 0 ORDER BY 1")
    assert found == [
        ("A1", "国道八号", "nation", 0),
        ("A2", "県道金沢線", "prefecture", 0),
        ("A3", "香林坊通り", "unknown", -1),
    ]
    assert report.unmapped == {"manager": {"3": 1}}


def test_the_same_file_again_writes_nothing(database: Database, shapefile: Write, rows: Rows) -> None:
    path = shapefile()
    first = ingest_roads(database, [path], "city", SourceSettings())
    before = rows("SELECT xmin, ctid, recorded_at FROM raw.road_set"), rows(COUNTS)
    again = ingest_roads(database, [path], "city", SourceSettings())
    assert (first.is_repeat, again.is_repeat) == (False, True)
    assert (first.is_changed, again.is_changed) == (True, False)
    assert (again.counts, again.km, again.files) == (first.counts, first.km, first.files)
    assert (rows("SELECT xmin, ctid, recorded_at FROM raw.road_set"), rows(COUNTS)) == before


def test_a_changed_file_replaces_the_set_and_the_old_one_can_come_back(
    database: Database, shapefile: Write, frame: gpd.GeoDataFrame, rows: Rows
) -> None:
    old = ingest_roads(database, [shapefile("old")], "city", SourceSettings())
    new = ingest_roads(database, [shapefile("new", data=frame.iloc[:2])], "city", SourceSettings())
    assert new.is_changed
    assert rows("SELECT file_id FROM raw.road_set") == [(new.file_id,)]
    back = ingest_roads(database, [shapefile("old")], "city", SourceSettings())
    assert (back.is_repeat, back.is_changed) == (True, True)
    assert rows("SELECT file_id FROM raw.road_set") == [(old.file_id,)]


def test_another_policy_needs_no_other_rows(database: Database, shapefile: Write, rows: Rows) -> None:
    path = shapefile()
    ingest_roads(database, [path], "city", SourceSettings())
    report = ingest_roads(database, [path], "city", SourceSettings(join_policy="crossings"), snap_m=1.0)
    assert (report.is_repeat, report.is_changed) == (True, True)
    assert rows("SELECT join_policy, snap_m FROM raw.road_set") == [("crossings", 1.0)]


def test_other_settings_read_the_file_anew(database: Database, shapefile: Write, rows: Rows) -> None:
    path = shapefile()
    ingest_roads(database, [path], "city", SourceSettings())
    report = ingest_roads(database, [path], "city", SourceSettings(fields={"id": "番号"}))
    assert not report.is_repeat
    assert rows("SELECT external_id FROM raw.road JOIN raw.road_set USING (file_id) WHERE part = 0 ORDER BY 1") == [
        ("A1",), ("A2",), ("A3",),
    ]  # fmt: skip


def test_several_files_are_one_set_in_any_order(database: Database, shapefile: Write, rows: Rows) -> None:
    paths = [shapefile("north"), shapefile("south")]
    first = ingest_roads(database, paths, "city", SourceSettings())
    assert [(part.file, part.first_item) for part in first.files] == [("north.shp", 0), ("south.shp", 3)]
    assert rows("SELECT count(*), count(DISTINCT item), max(item) FROM raw.road") == [(8, 6, 5)]
    assert ingest_roads(database, paths[::-1], "city", SourceSettings()).is_repeat


def test_a_killed_ingest_is_completed_by_the_next(
    database: Database, shapefile: Write, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shapefile()

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(roads_module.quarantine, "store", die)  # after COPY, before the end
        with pytest.raises(KeyboardInterrupt):
            ingest_roads(database, [path], "city", SourceSettings())
    assert rows("SELECT completed_at FROM raw.ingest_file") == [(None,)]
    assert rows("SELECT count(*) FROM raw.road") == [(0,)]
    report = ingest_roads(database, [path], "city", SourceSettings())
    assert not report.is_repeat
    assert rows("SELECT count(*), count(DISTINCT file_id) FROM raw.road") == [(4, 1)]
    assert rows("SELECT count(*) FROM raw.ingest_file WHERE completed_at IS NULL") == [(0,)]


def test_faulty_features_go_to_quarantine_and_the_others_go_on(database: Database, tmp_path: Path, rows: Rows) -> None:
    good = shapely.to_wkb(shapely.LineString([(136.6, 36.5), (136.7, 36.5)]))
    nan = struct.pack("<BII4d", 1, 2, 2, 136.6, 36.5, float("nan"), 36.5)
    wkb = [
        good,
        nan,
        None,
        shapely.to_wkb(shapely.Point(136.6, 36.5)),
        b"\x01\x02\x00",
        shapely.to_wkb(shapely.LineString()),
    ]
    columns = {"road_id": list("abcdef"), "wert": [1.5, float("nan"), None, 2, 3, 4]}
    frame = gpd.GeoDataFrame(columns, geometry=[shapely.from_wkb(good)] * 6, crs=4326)
    path = tmp_path / "roads.parquet"
    frame.to_parquet(path)
    _replace_geometry(path, wkb)
    report = ingest_roads(database, [path], "city", SourceSettings())
    assert report.counts == roads_module.Counts(6, 1, 0, 5)
    found = rows("SELECT item, reason, payload -> 'attributes' ->> 'road_id' FROM raw.quarantine ORDER BY item")
    assert found == [
        (1, Why.NOT_FINITE, "b"), (2, Why.NO_GEOMETRY, "c"), (3, Why.WRONG_GEOMETRY, "d"),
        (4, Why.BAD_GEOMETRY, "e"), (5, Why.NO_GEOMETRY, "f"),
    ]  # fmt: skip
    assert report.quarantined == {"no_geometry": 2, "not_finite": 1, "wrong_geometry": 1, "bad_geometry": 1}


def _replace_geometry(path: Path, wkb: list[bytes | None]) -> None:
    """Put other bytes into the geometry column, which no well-behaved writer would."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    position = table.column_names.index("geometry")
    table = table.set_column(position, table.field(position), pa.array(wkb, table.field(position).type))
    pq.write_table(table, path)


def test_nothing_usable_is_an_error_and_nothing_is_kept(database: Database, tmp_path: Path, rows: Rows) -> None:
    points = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(136.6, 36.5)], crs=4326)
    points.to_file(tmp_path / "points.gpkg")
    with pytest.raises(InputError, match=r"points\.gpkg: not one usable line; reasons: {'wrong_geometry': 1}"):
        ingest_roads(database, [tmp_path / "points.gpkg"], "city", SourceSettings())
    assert rows("SELECT (SELECT count(*) FROM raw.road_set), (SELECT count(*) FROM raw.quarantine)") == [(0, 0)]


@pytest.mark.parametrize(
    ("settings", "prj", "message"),
    [
        ({}, False, "does not say its CRS"),
        ({"crs": "EPSG:4326"}, True, "is in degrees"),
        ({"crs": "EPSG:32653"}, True, "outside the area of use"),
        ({"encoding": "utf-8"}, True, "not utf-8"),
        ({"fields": {"name": "nam"}}, True, "no column 'nam'"),
        ({"layer": "other"}, True, "no layer 'other'"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_is_kept(
    database: Database, shapefile: Write, rows: Rows, settings: dict[str, Any], prj: bool, message: str
) -> None:
    with pytest.raises((InputError, MappingError), match=message):
        ingest_roads(database, [shapefile(prj=prj)], "city", SourceSettings(**settings))
    assert rows("SELECT (SELECT count(*) FROM raw.road), (SELECT count(*) FROM raw.road_set)") == [(0, 0)]


def test_a_named_crs_mends_a_missing_prj(shapefile: Write) -> None:
    rows, part = read_roads(shapefile(prj=False), SourceSettings(crs="EPSG:6675"), Rejects(), Unmapped())
    assert part.crs == "EPSG:6675 (given)"
    assert np.all(shapely.bounds(rows.geometry)[:, 0] > 136)


def test_progress_ends_at_its_total(database: Database, shapefile: Write) -> None:
    told: list[tuple[int, int]] = []
    ingest_roads(database, [shapefile()], "city", SourceSettings(), progress=lambda *step: told.append(step))
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("name", "n", "km"),
    [
        ("sapporo/sapporo_authorized_roads_202111.shp", 22_212, 6_374),
        ("matching/seattle/roads.parquet", 24_543, 2_693),
        ("ishikawa/emergency_roads_N10.geojson", 244, 1_626),
    ],
)
def test_real_roads_lose_nothing(database: Database, yuki_data: Path, name: str, n: int, km: float) -> None:
    report = ingest_roads(database, [yuki_data / name], "real", SourceSettings(join_policy="crossings"))
    assert report.counts == roads_module.Counts(n, n, 0, 0)
    assert report.km == pytest.approx(km, rel=0.003)
