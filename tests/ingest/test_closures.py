"""Closures from files: mapped, placed, changed, ended when they are no longer listed; bad ones in quarantine."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from geo.db import Database
from geo.errors import InputError, MappingError
from geo.settings import SourceSettings
from ingest.closures import ClosuresReport, ingest_closures

T0 = datetime(2026, 2, 1, tzinfo=UTC)
LINE = [[136.65, 36.56], [136.66, 36.56]]
TOKYO = SourceSettings(timezone="Asia/Tokyo")
A: dict[str, Any] = {
    "id": "A",
    "規制内容": "通行止め",
    "開始日時": "2026-01-31 20:00",
    "終了予定": "2026-02-02 06:00",
    "理由": "雪崩",
}


def feature(coordinates: Any = None, kind: str = "LineString", **columns: Any) -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": LINE if coordinates is None else coordinates}
    return {"type": "Feature", "properties": A | columns, "geometry": geometry}


@pytest.fixture
def take(database: Database, tmp_path: Path) -> Callable[..., ClosuresReport]:
    """take(features, …): write them as GeoJSON and take them in."""

    def run(features: list[Any], source: SourceSettings = TOKYO, now: datetime = T0, **more: Any) -> ClosuresReport:
        path = tmp_path / "closures.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
        return ingest_closures(database, path, "road office", source, now, **more)

    return run


def counts(report: ClosuresReport) -> tuple[int, int, int, int]:
    return report.n_placed, report.n_changed, report.n_ended, report.n_same


def test_a_file_is_read_on_its_sources_clock(take: Any, rows: Any) -> None:
    report = take([feature()])
    assert counts(report) == (1, 0, 0, 0)
    found = rows(
        "SELECT kind, restriction, begins_at, ends_at, reason, is_reason_public, author, external_id "
        "FROM raw.order_entry"
    )
    begins, ends = datetime(2026, 1, 31, 11, tzinfo=UTC), datetime(2026, 2, 1, 21, tzinfo=UTC)
    assert found == [("restriction", "closed", begins, ends, "雪崩", True, "road office", "A")]


def test_the_same_file_again_changes_nothing_and_another_says_what_changed(take: Any, rows: Any) -> None:
    b = feature(id="B", 規制内容="片側交互通行")
    take([feature(), b])
    assert counts(take([feature(), b], now=T0 + timedelta(hours=1))) == (0, 0, 0, 2)
    later = feature(終了予定="2026-02-03 06:00")
    assert counts(take([later, b])) == (0, 1, 0, 1)
    assert counts(take([later], now=T0 + timedelta(hours=2))) == (0, 0, 1, 1)
    assert counts(take([later], now=T0 + timedelta(hours=3))) == (0, 0, 0, 1)
    ends = rows("SELECT action, ends_at FROM raw.order_entry WHERE external_id = 'B' ORDER BY entry_id")
    assert ends == [("place", datetime(2026, 2, 1, 21, tzinfo=UTC)), ("end", T0 + timedelta(hours=2))]


def test_a_partial_file_ends_nothing(take: Any) -> None:
    take([feature()])
    assert counts(take([feature(id="B")], is_whole=False)) == (1, 0, 0, 0)


def test_a_closure_without_a_begin_holds_from_its_first_sight(take: Any, rows: Any) -> None:
    take([feature(開始日時=None, 終了予定=None)])
    report = take([feature(開始日時=None, 終了予定=None)], now=T0 + timedelta(hours=1))
    assert counts(report) == (0, 0, 0, 1)
    assert rows("SELECT begins_at, ends_at FROM raw.order_entry") == [(T0, None)]


def test_one_that_is_listed_again_after_its_end_is_a_new_order(take: Any, rows: Any) -> None:
    take([feature(開始日時=None, 終了予定=None)])
    take([feature(id="B")], now=T0 + timedelta(hours=1))
    take([feature(開始日時=None, 終了予定=None), feature(id="B")], now=T0 + timedelta(hours=2))
    found = rows("SELECT count(DISTINCT order_id) FROM raw.order_entry WHERE external_id = 'A'")
    assert found == [(2,)]


def test_past_closures_are_history(take: Any, rows: Any) -> None:
    take([feature(開始日時="2025-12-01 00:00", 終了予定="2025-12-02 00:00")])
    assert rows("SELECT count(*) FROM raw.order_entry") == [(1,)]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"id": None}, "missing_id"),
        ({"規制内容": "渋滞"}, "missing_field"),
        ({"規制内容": None}, "missing_field"),
        ({"開始日時": "いつか"}, "unparsable_time"),
        ({"終了予定": "2026-01-30 00:00"}, "empty_period"),
        ({"coordinates": [LINE[0], LINE[0]]}, "bad_geometry"),
        ({"coordinates": [[LINE[0], LINE[1], [136.66, 36.57], LINE[0]]], "kind": "Polygon"}, None),
        (
            {
                "coordinates": [[[136.65, 36.55], [136.66, 36.57], [136.66, 36.55], [136.65, 36.57], [136.65, 36.55]]],
                "kind": "Polygon",
            },
            "bad_geometry",
        ),
    ],
)
def test_bad_features_are_kept_with_their_reason_and_the_others_go_on(
    take: Any, rows: Any, bad: dict[str, Any], reason: str | None
) -> None:
    report = take([feature(id="good"), feature(**({"id": "X"} | bad))])
    assert report.n_placed == 1 + (reason is None)
    assert report.quarantined == ({} if reason is None else {reason: 1})
    stored = rows("SELECT kind, reason FROM raw.quarantine")
    assert stored == ([] if reason is None else [("closures", reason)])


def test_a_closure_that_reads_badly_now_is_not_ended(take: Any) -> None:
    take([feature(), feature(id="B")])
    report = take([feature(終了予定="?"), feature(id="B")])
    assert counts(report) == (0, 0, 0, 1)


def test_two_of_one_id_are_neither(take: Any) -> None:
    report = take([feature(), feature(理由="別")])
    assert report.quarantined == {"duplicate_id": 2}


def test_words_and_columns_of_another_office_by_mapping(take: Any, rows: Any) -> None:
    source = SourceSettings(
        timezone="Asia/Tokyo",
        fields={"restriction": "kisei", "id": "no"},
        values={"restriction": {"全面通行止": "closed"}},
    )
    take([feature(no=7, kisei="全面通行止")], source)
    assert rows("SELECT external_id, restriction FROM raw.order_entry") == [("7", "closed")]


def test_a_shapefile_in_metres_and_cp932(database: Database, shapefile: Any, rows: Any) -> None:
    lines = [shapely.LineString([(-47_000, 62_000), (-46_000, 62_000)])]
    data = gpd.GeoDataFrame({"番号": ["7"], "規制内容": ["冬期通行止め"]}, geometry=lines, crs=6675)
    report = ingest_closures(database, shapefile("closures", data=data), "office", TOKYO, T0)
    assert report.n_placed == 1
    ((restriction, lon),) = rows("SELECT restriction, ST_X(ST_StartPoint(geom)) FROM raw.order_entry")
    assert restriction == "winter_closed"
    assert lon == pytest.approx(136.64, abs=0.05)


def test_files_that_are_none_leave_nothing(take: Any, database: Database, tmp_path: Path, rows: Any) -> None:
    with pytest.raises(MappingError, match="no column for"):
        take([{"type": "Feature", "properties": {"x": 1}, "geometry": feature()["geometry"]}])
    path = tmp_path / "none.geojson"
    path.write_text("[]")
    with pytest.raises(InputError):
        ingest_closures(database, path, "office", TOKYO, T0)
    with pytest.raises(InputError, match="time zone"):
        take([feature()], SourceSettings())
    assert rows("SELECT count(*) FROM raw.order_entry") == [(0,)]
