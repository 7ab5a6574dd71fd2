"""Polls of a Feature Service, end to end: a look-alike server, a real database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pyproj import Transformer

from geo.db import Database, Role
from geo.errors import AccessError, ConfigError, EnvironmentProblem, InputError
from geo.settings import SourceSettings
from geo.settings_feeds import ArcgisSettings
from ingest import arcgis
from ingest.arcgis import PollReport, feeds, keep_polling, pause_s, poll_source
from ingest.patience import Patience
from tests.ingest.arcgis_server import LookAlike, serving
from tests.ingest.conftest import NOW, Rows

VEHICLES = {
    "OBJECTID": "esriFieldTypeOID",
    "UNIT": "esriFieldTypeString",
    "GPS_TIME": "esriFieldTypeDate",
    "BLADE": "esriFieldTypeString",
    "last_edited_date": "esriFieldTypeDate",
}
FIELDS = {"vehicle": "UNIT", "at": "GPS_TIME", "blade": "BLADE"}
NO_WAIT = Patience(sleep=lambda seconds: None)
TO_PLANE = Transformer.from_crs(4326, 6675, always_xy=True)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _plane(lon: float, lat: float) -> list[float]:
    return list(TO_PLANE.transform(lon, lat))


def _row(i: int, at: datetime, *, edited: datetime | None = None, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Plough i of a fleet, on a road that leads east."""
    x, y = _plane(136.6 + i / 1000, 36.56)
    attributes = {"OBJECTID": i, "UNIT": f"S-{i}", "GPS_TIME": _ms(at), "BLADE": "down",
                  "last_edited_date": _ms(edited or at)}  # fmt: skip
    return attributes | more, {"x": x, "y": y}


def _fleet(n: int, **more: Any) -> LookAlike:
    rows = [_row(i, NOW - timedelta(minutes=1)) for i in range(1, n + 1)]
    return LookAlike(VEHICLES, rows=rows, edit_field="last_edited_date", **more)


def _source(layer: LookAlike, kind: Any = "vehicles", **more: Any) -> SourceSettings:
    of_layer = {key: more.pop(key) for key in list(more) if key in ArcgisSettings.model_fields and key != "layer"}
    settings = ArcgisSettings(url=layer.url, kind=kind, **of_layer)
    return SourceSettings(arcgis=settings, **({"fields": FIELDS} if kind == "vehicles" else {}) | more)


def _poll(database: Database, source: SourceSettings, now: datetime = NOW, name: str = "fleet") -> PollReport:
    return poll_source(database, name, source, now=lambda: now, patience=NO_WAIT)


@contextmanager
def _failing(match: str, kind: type[Exception] = InputError) -> Iterator[None]:
    with pytest.raises(kind, match=match):
        yield


@pytest.mark.parametrize("paging", [True, False], ids=["by offset", "by object id"])
@pytest.mark.parametrize("says_limit", [True, False], ids=["says more", "silent"])
def test_every_vehicle_comes_once_however_small_the_pages(
    database: Database, rows: Rows, *, paging: bool, says_limit: bool
) -> None:
    with serving(_fleet(25, has_paging=paging, max_record_count=10, says_limit=says_limit)) as layer:
        report = _poll(database, _source(layer))
        assert (report.taken.n_features, report.taken.n_accepted) == (25, 25)
        pages = [asked for asked in layer.queries() if "returnIdsOnly" not in asked]
        assert len(pages) == 3
        assert all(("resultOffset" in asked) == paging and ("objectIds" in asked) != paging for asked in pages)
    found = rows(
        "SELECT v.external_id, f.at, f.lon, f.lat, f.blade FROM raw.fix AS f JOIN raw.vehicle AS v USING (vehicle_id)"
    )
    assert {row[0] for row in found} == {f"S-{i}" for i in range(1, 26)}
    for name, at, lon, lat, blade in found:
        assert at == NOW - timedelta(minutes=1)
        assert (lon, lat) == pytest.approx((136.6 + int(name[2:]) / 1000, 36.56), abs=1e-8)
        assert blade is True
    assert rows("SELECT kind, n FROM raw.batch ORDER BY position") == [("fixes", 10), ("fixes", 10), ("fixes", 5)]


def test_chunks_of_object_ids_are_halved_where_the_server_sends_fewer(database: Database) -> None:
    with serving(_fleet(9, has_paging=False, max_record_count=2)) as layer:
        layer.described["maxRecordCount"] = 9
        assert _poll(database, _source(layer)).taken.n_accepted == 9
        assert len(layer.queries()) > 5


def test_only_what_was_edited_since_is_asked_for_again(database: Database, rows: Rows) -> None:
    with serving(_fleet(5)) as layer:
        source = _source(layer, overlap_s=30)
        first = _poll(database, source)
        assert first.since_at is None
        assert first.watermark_at == NOW - timedelta(minutes=1)
        layer.rows[2] = _row(3, NOW + timedelta(seconds=20))
        layer.rows.append(_row(6, NOW + timedelta(seconds=21), edited=NOW - timedelta(seconds=80)))
        layer.rows.append(_row(7, NOW - timedelta(hours=1), edited=NOW - timedelta(seconds=91)))  # before the overlap
        second = _poll(database, source, NOW + timedelta(seconds=30))
        assert second.since_at == NOW - timedelta(seconds=90)
        # the four that did not move are repeats; 7 was edited before what is asked for again
        assert (second.taken.n_features, second.taken.n_accepted, second.taken.n_repeated) == (6, 2, 4)
        assert second.watermark_at == NOW + timedelta(seconds=20)
        third = _poll(database, source, NOW + timedelta(seconds=60))
        assert (third.taken.n_features, third.taken.n_accepted) == (1, 0)
    assert rows("SELECT count(*) FROM raw.fix") == [(7,)]


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Chicago"])
def test_dates_in_where_are_written_on_the_clock_that_the_layer_names(database: Database, zone: str) -> None:
    with serving(_fleet(3, edit_zone=zone)) as layer:
        source = _source(layer, overlap_s=0)
        _poll(database, source)
        layer.rows = [_row(1, NOW - timedelta(seconds=61)), _row(2, NOW - timedelta(seconds=59))]
        assert _poll(database, source).taken.n_features == 1


def test_a_zone_that_nobody_can_read_asks_for_more_and_loses_nothing(database: Database) -> None:
    with serving(_fleet(1)) as layer:
        source = _source(layer, overlap_s=0)
        reference = {"timeZone": "Tokyo Standard Time", "respectsDaylightSaving": False}
        tracking = {"editDateField": "last_edited_date", "dateFieldsTimeReference": reference}
        layer.described["editFieldsInfo"] = tracking
        _poll(database, source)
        asked = _asked_since(database, layer, source)
        assert asked == NOW - timedelta(minutes=1, hours=12)


def _asked_since(database: Database, layer: LookAlike, source: SourceSettings) -> datetime:
    layer.asked.clear()
    _poll(database, source)
    where = layer.queries()[0]["where"]
    return datetime.strptime(where.split("'")[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def test_an_edit_in_the_future_does_not_hide_what_comes_after(database: Database) -> None:
    with serving(_fleet(1)) as layer:
        layer.rows = [_row(1, NOW, edited=NOW + timedelta(days=400))]
        assert _poll(database, _source(layer)).watermark_at == NOW


def test_another_mapping_reads_everything_anew(database: Database) -> None:
    with serving(_fleet(4)) as layer:
        _poll(database, _source(layer))
        assert _poll(database, _source(layer, every_s=3)).since_at is not None
        again = _poll(database, _source(layer, values={"blade": {"down": "no"}}))
        assert again.since_at is None
        assert again.taken.n_features == 4


def test_a_layer_without_a_date_of_edit_is_read_whole(database: Database) -> None:
    with serving(_fleet(4)) as layer:
        layer.edit_field = None
        source = _source(layer)
        assert _poll(database, source).watermark_at is None
        again = _poll(database, source)
        assert (again.taken.n_features, again.taken.n_repeated) == (4, 4)
        assert _poll(database, _source(layer, edit_field="LAST_EDITED_DATE")).watermark_at is not None


def test_a_row_that_moves_to_the_next_page_comes_once(database: Database) -> None:
    with serving(_fleet(6, max_record_count=3)) as layer:
        true_query, n_asked = layer.query, 0

        def query(asked: dict[str, str]) -> dict[str, Any]:
            nonlocal n_asked
            answer = true_query(asked)
            n_asked += 1
            if n_asked == 1:
                layer.rows.insert(0, _row(0, NOW))
            return answer

        layer.query = query  # type: ignore[method-assign]
        taken = _poll(database, _source(layer)).taken
    assert (taken.n_features, taken.n_accepted) == (6, 6)


def test_positions_that_are_none_go_to_quarantine_and_the_others_go_on(database: Database, rows: Rows) -> None:
    with serving(_fleet(4)) as layer:
        layer.rows[0] = (layer.rows[0][0], None)
        layer.rows[1] = (layer.rows[1][0], {"x": "NaN", "y": "NaN"})
        layer.rows[2] = (layer.rows[2][0] | {"GPS_TIME": _ms(NOW + timedelta(days=1))}, layer.rows[2][1])
        report = _poll(database, _source(layer))
    assert (report.taken.n_accepted, report.taken.n_quarantined) == (1, 3)
    found = rows("SELECT reason, item, payload ->> 'UNIT' FROM raw.quarantine ORDER BY item")
    assert found == [("not_a_number", 0, "S-1"), ("not_a_number", 1, "S-2"), ("future_time", 2, "S-3")]


def test_newer_kinds_of_times_are_read(database: Database, rows: Rows) -> None:
    fields = VEHICLES | {"GPS_TIME": "esriFieldTypeTimestampOffset", "DAY": "esriFieldTypeDateOnly",
                         "CLOCK": "esriFieldTypeTimeOnly"}  # fmt: skip
    row = _row(1, NOW, GPS_TIME="2026-01-18T06:10:00.000+09:00", DAY="2026-01-18", CLOCK="06:20:00")
    with serving(LookAlike(fields, rows=[row])) as layer:
        _poll(database, _source(layer))
        _poll(database, _source(layer, fields=FIELDS | {"at": "DAY+CLOCK"}, timezone="Asia/Tokyo"))
    assert rows("SELECT at FROM raw.fix ORDER BY at") == [
        (datetime(2026, 1, 17, 21, 10, tzinfo=UTC),), (datetime(2026, 1, 17, 21, 20, tzinfo=UTC),),
    ]  # fmt: skip


def test_dates_of_an_unknown_zone_are_read_by_the_zone_of_the_source(database: Database, rows: Rows) -> None:
    with serving(_fleet(1)) as layer:
        layer.described["datesInUnknownTimezone"] = True
        with _failing("no time zone"):
            _poll(database, _source(layer))
        _poll(database, _source(layer, timezone="Asia/Tokyo"))
    assert rows("SELECT at FROM raw.fix") == [(NOW - timedelta(minutes=1, hours=9),)]


def test_a_table_with_columns_for_the_position(database: Database, rows: Rows) -> None:
    fields = VEHICLES | {"LON": "esriFieldTypeDouble", "LAT": "esriFieldTypeDouble"}
    row = _row(1, NOW, LON=136.65, LAT=36.55)[0]
    with serving(LookAlike(fields, geometry_type=None, rows=[(row, None)])) as layer:
        _poll(database, _source(layer))
        assert layer.queries()[0]["returnGeometry"] == "false"
    assert rows("SELECT lon, lat FROM raw.fix") == [(136.65, 36.55)]


ROADS = {"OBJECTID": "esriFieldTypeOID", "NAME": "esriFieldTypeString", "GlobalID": "esriFieldTypeGlobalID"}


def _roads(*names: str) -> LookAlike:
    line = [_plane(136.6, 36.5), [*_plane(136.61, 36.5), 12.0], _plane(136.62, 36.51)]
    rows = [
        ({"OBJECTID": i, "NAME": name, "GlobalID": f"{{0000-{i}}}"}, {"paths": [line, line[:2]][: 1 + i % 2]})
        for i, name in enumerate(names, 1)
    ]
    return LookAlike(ROADS, "esriGeometryPolyline", rows=rows, max_record_count=2)


def test_roads_become_the_road_set_of_their_source(database: Database, rows: Rows) -> None:
    with serving(_roads("国道8号", "県道10号", "市道3号")) as layer:
        source = _source(layer, "roads", fields={"name": "NAME"}, join_policy="crossings")
        first = _poll(database, source)
        assert (first.taken.n_features, first.taken.n_accepted, first.taken.is_changed) == (3, 3, True)
        again = _poll(database, source)
        assert (again.taken.n_accepted, again.taken.n_repeated, again.taken.is_changed) == (0, 3, False)
        assert rows("SELECT count(*) FROM raw.ingest_file") == [(1,)]
        layer.rows.pop()
        layer.rows[0] = (layer.rows[0][0] | {"NAME": "国道8号 新道"}, layer.rows[0][1])
        third = _poll(database, source)
        assert third.taken.is_changed
    stands = "SELECT r.external_id, r.name, r.part FROM raw.road AS r JOIN raw.road_set USING (file_id) ORDER BY 1, 3"
    assert rows(stands) == [
        ("{0000-1}", "国道8号 新道", 0),
        ("{0000-1}", "国道8号 新道", 1),
        ("{0000-2}", "県道10号", 0),
    ]
    place = rows("SELECT ST_X(ST_StartPoint(geom)), ST_Y(ST_StartPoint(geom)), ST_NDims(geom) FROM raw.road LIMIT 1")[0]
    assert place == pytest.approx((136.6, 36.5, 2), abs=1e-8)
    assert rows("SELECT join_policy FROM raw.road_set") == [("crossings",)]


def test_bad_lines_go_to_quarantine_with_their_reason(database: Database, rows: Rows) -> None:
    with serving(_roads("a", "b", "c", "d", "e", "f")) as layer:
        bad: list[Any] = [None, {"paths": []}, {"paths": [[["NaN", "NaN"], ["NaN", "NaN"]]]}, {"paths": [[[0, 0]]]},
                          {"paths": "none"}]  # fmt: skip
        for i, geometry in enumerate(bad):
            layer.rows[i] = (layer.rows[i][0], geometry)
        taken = _poll(database, _source(layer, "roads")).taken
    assert (taken.n_accepted, taken.n_quarantined) == (1, 5)
    assert rows("SELECT reason FROM raw.quarantine ORDER BY item") == [
        ("no_geometry",), ("no_geometry",), ("not_finite",), ("zero_length",), ("bad_geometry",),
    ]  # fmt: skip


def test_true_curves_and_foreign_coordinates_are_refused(database: Database, rows: Rows) -> None:
    with serving(_roads("a")) as layer:
        layer.rows[0] = (layer.rows[0][0], {"curvePaths": [[[0, 0], {"c": [[3, 3], [1, 4]]}]]})
        with _failing("object id 1: true curves"):
            _poll(database, _source(layer, "roads"))
        layer.honours_out_sr = False
        with _failing("answers in 6675"):
            _poll(database, _source(layer, "roads"))
    assert rows("SELECT count(*) FROM raw.road") == [(0,)]


CLOSURES = {"OBJECTID": "esriFieldTypeOID", "feature_id": "esriFieldTypeString", "name": "esriFieldTypeString",
            "START": "esriFieldTypeDate"}  # fmt: skip


def _closures(*names: str) -> LookAlike:
    a, b, c = _plane(136.6, 36.5), _plane(136.61, 36.5), _plane(136.61, 36.51)
    rows = [
        ({"OBJECTID": i, "feature_id": f"c{i}", "name": name, "START": _ms(NOW)}, {"rings": [[a, c, b, a]]})
        for i, name in enumerate(names, 1)
    ]
    return LookAlike(CLOSURES, "esriGeometryPolygon", rows=rows)


def test_a_closure_that_is_gone_has_ended(database: Database, rows: Rows) -> None:
    standing = "SELECT p.external_id FROM raw.plan AS p JOIN raw.plan_set AS s USING (file_id, layer) ORDER BY 1"
    with serving(_closures("白山スーパー林道", "鶴来バイパス")) as layer:
        source = _source(layer, "closures")
        assert _poll(database, source).taken.is_changed
        assert rows(standing) == [("c1",), ("c2",)]
        stored = rows("SELECT attributes ->> 'name', attributes ->> 'START', ST_Area(geom::geography) FROM raw.plan")[0]
        assert stored[:2] == ("白山スーパー林道", "2026-02-01T00:00:00.000+00:00")
        assert stored[2] == pytest.approx(497_000, rel=0.01)
        both = list(layer.rows)
        layer.rows = both[1:]
        assert _poll(database, source).taken.is_changed
        assert rows(standing) == [("c2",)]
        layer.rows = []
        assert _poll(database, source).taken.is_changed
        assert rows(standing) == []
        assert not _poll(database, source).taken.is_changed
        layer.rows = both
        assert _poll(database, source).taken.is_changed
        assert rows(standing) == [("c1",), ("c2",)]


def test_a_snapshot_of_a_moving_layer_is_read_again(database: Database) -> None:
    with serving(_closures(*"abcdef")) as layer:
        layer.max_record_count, true_query, n_asked = 2, layer.query, 0

        def query(asked: dict[str, str]) -> dict[str, Any]:
            nonlocal n_asked
            n_asked += 1
            answer = true_query(asked)
            if n_asked == 1:
                layer.rows.pop(0)  # the third of six slips into the first page, which was sent already
            return answer

        layer.query = query  # type: ignore[method-assign]
        assert _poll(database, _source(layer, "closures")).taken.n_features == 5
        layer.query = lambda asked: true_query(asked) | ({"count": -1} if "returnCountOnly" in asked else {})  # type: ignore[method-assign]
        with _failing("changes while it is read", EnvironmentProblem):
            _poll(database, _source(layer, "closures"))


def test_a_failure_is_noted_and_the_watermark_stays(database: Database) -> None:
    with serving(_fleet(3)) as layer:
        source = _source(layer)
        _poll(database, source)
        layer.rows.append(_row(4, NOW + timedelta(seconds=40)))
        layer.token = "needed"
        for n in (1, 2):
            with _failing("499: Token Required", AccessError):
                _poll(database, source, NOW + timedelta(minutes=n))
        state = _state(database)
        assert (state.n_failures, state.watermark_at) == (2, NOW - timedelta(minutes=1))
        assert state.error
        assert "token_file" in state.error
        layer.token = None
        assert _poll(database, source, NOW + timedelta(minutes=3)).taken.n_accepted == 1
    state = _state(database)
    assert (state.n_failures, state.report["n_accepted"]) == (0, 1)
    assert state.succeeded_at is not None
    assert state.failed_at is not None


@dataclass
class _State:
    watermark_at: datetime | None
    succeeded_at: datetime | None
    failed_at: datetime | None
    error: str | None
    n_failures: int
    report: dict[str, Any]


def _state(database: Database) -> _State:
    with database.connect(Role.INGEST) as connection:
        row = connection.execute(
            "SELECT watermark_at, succeeded_at, failed_at, error, n_failures, report FROM raw.poll"
        ).fetchone()
    assert row is not None
    return _State(*row)


def test_pages_that_were_committed_stay_when_a_later_one_fails(database: Database, rows: Rows) -> None:
    with serving(_fleet(6, max_record_count=3)) as layer:
        true_query = layer.query
        layer.query = lambda asked: {} if asked.get("resultOffset") == "3" else true_query(asked)  # type: ignore[method-assign]
        with _failing("without features"):
            _poll(database, _source(layer))
        assert rows("SELECT count(*) FROM raw.fix") == [(3,)]
        layer.query = true_query  # type: ignore[method-assign]
        report = _poll(database, _source(layer))
    assert (report.since_at, report.taken.n_accepted, report.taken.n_repeated) == (None, 3, 3)


def test_registered_sources_take_no_others(database: Database, rows: Rows) -> None:
    with serving(_fleet(2)) as layer:
        report = _poll(database, _source(layer, vehicles="registered"))
    assert report.taken.quarantined == {"unknown_vehicle": 2}
    assert rows("SELECT count(*) FROM raw.fix") == [(0,)]


def test_feeds_are_the_sources_with_a_layer() -> None:
    fleet = SourceSettings(arcgis=ArcgisSettings(url="https://h/0", kind="vehicles"))
    assert list(feeds({"fleet": fleet, "files": SourceSettings()})) == ["fleet"]
    for name in ("files", "other"):
        with pytest.raises(ConfigError, match=name):
            feeds({"fleet": fleet, "files": SourceSettings()}, name)
    with pytest.raises(ConfigError, match="arcgis"):
        feeds({"files": SourceSettings()})


def test_a_failing_source_is_asked_more_and_more_seldom() -> None:
    assert [pause_s(15, n) for n in (0, 1, 2, 6, 7, 1000)] == [15, 30, 60, 900, 900, 900]
    assert pause_s(86_400, 3) == 86_400


def test_polling_goes_on_beside_a_source_that_fails(database: Database, rows: Rows) -> None:
    said: list[str] = []
    stopping = threading.Event()
    with serving(_fleet(3)) as good, serving(_fleet(1, token="needed")) as bad:
        for layer in (good, bad):
            layer.rows = [_row(1, datetime.now(UTC))]
        sources = {"good": _source(good, every_s=0.05), "bad": _source(bad, every_s=0.05)}
        thread = threading.Thread(target=keep_polling, args=(database, sources, stopping, said.append))
        thread.start()
        try:
            _until(lambda: len(good.queries()) >= 3 and len(said) >= 2, thread)
            bad.token = None
            _until(lambda: rows("SELECT count(*) FROM raw.fix") == [(2,)], thread)
            _until(lambda: any("well again" in text for text in said), thread)
        finally:
            stopping.set()
            thread.join()
    assert said[0].startswith("poll bad: ")
    assert not any("good" in text for text in said)


def _until(holds: Any, thread: threading.Thread) -> None:
    """Wait, as long as the thread lives, until something holds; never more than a minute."""
    pause = threading.Event()
    for _ in range(1200):
        if holds():
            return
        assert thread.is_alive()
        pause.wait(0.05)
    raise AssertionError("it never came to hold")


def test_what_nobody_foresaw_ends_the_poller(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(arcgis, "poll_source", broken)
    with serving(_fleet(1)) as layer, pytest.raises(ZeroDivisionError):
        keep_polling(database, {"fleet": _source(layer)}, threading.Event(), print)
