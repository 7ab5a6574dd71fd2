"""Transit feeds: figures by hand and against gtfs-kit, bad rows with their line, names in English, expiry."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from gtfs_feed import FEED, write_feed

from geo.db import Database, Role
from geo.errors import InputError
from geo.settings import SourceSettings
from ingest.gtfs import ingest_gtfs, read_gtfs
from ingest.gtfs_check import check_feed, seconds_of
from ingest.gtfs_days import service_days
from ingest.gtfs_tables import read_feed
from ingest.quarantine import Rejects

AREA = (136.0, 36.0, 137.5, 37.6)
NOW = datetime(2026, 1, 20, tzinfo=UTC)
type Read = Callable[..., tuple[dict[str, dict[str, dict[str, Any]]], dict[str, Any], Rejects]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """read(table=text, …) → (rows by kind and id, report, rejects)."""

    def run(**tables: str | None) -> tuple[dict[str, dict[str, dict[str, Any]]], dict[str, Any], Rejects]:
        rejects = Rejects()
        said = {"licence": None, "attribution": None, "synthetic": False}
        rows, report, _ = read_gtfs(write_feed(tmp_path / "feed.zip", **tables), None, AREA, said, rejects)
        found = {kind: {row.external_id: json.loads(row.attributes) for row in part} for kind, part in rows.items()}
        return found, report, rejects

    return run


def test_stops_routes_and_trips_a_day(read: Read) -> None:
    rows, report, rejects = read()
    assert rejects.by_reason() == {}
    assert [row["trips"] for row in rows["bus_routes"].values()] == [[2, 1, 1], [1, 0, 0]]
    assert set(rows["bus_stops"]) == {"S1", "S2", "S3"}  # a station is no stop
    first = rows["bus_stops"]["S1"]
    assert (first["name"], first["name_en"], first["routes"]) == ("駅前", "Station", "循環線、病院線")
    assert first["departures"] == [2, 1, 1]  # the last stop of a trip has no departure
    assert rows["bus_stops"]["S2"]["name_en"] == "City Hall"
    assert rows["bus_stops"]["S3"]["departures"] == [1, 0, 0]
    route = rows["bus_routes"]["R1"]
    assert (route["name"], route["name_en"], route["short_name"]) == ("病院線", "Hospital Line", "10")
    assert (route["agency"], route["agency_en"]) == ("雪みち交通", "Yukimichi Bus")
    patterns = [(row["route_id"], row["shape_source"], row["trips"]) for row in rows["bus_patterns"].values()]
    assert patterns == [("R1", "shapes", [2, 1, 1]), ("R2", "stops", [1, 0, 0])]
    assert report["notes"] == [
        "3 times after 24:00",
        "1 lines are made from stops along the roads, since the feed has no shape for them",
    ]


def test_the_day_of_a_kind_is_the_one_with_the_most_trips_and_no_national_holiday(read: Read) -> None:
    _, report, _ = read()
    # 1 January is a holiday on which the feed runs as on weekdays, 12 January one on which it runs as on Sundays
    assert report["days"] == ["2026-01-02", "2026-01-03", "2026-01-04"]
    _, report, _ = read(calendar_dates="service_id,date,exception_type\nWE,20260203,1\n")
    assert report["days"][0] == "2026-02-03"


def test_a_headway_counts_as_often_as_it_runs(read: Read) -> None:
    rows, _, _ = read(frequencies="trip_id,start_time,end_time,headway_secs\nT1,07:00:00,09:00:00,1200\n")
    assert rows["bus_routes"]["R1"]["trips"] == [7, 1, 1]


def test_the_figures_are_those_of_gtfs_kit(tmp_path: Path) -> None:
    import gtfs_kit

    path = write_feed(tmp_path / "feed.zip")
    checked = check_feed(read_feed(path, None, Rejects()), AREA, Rejects())
    days = service_days(checked, "Asia/Tokyo")
    _agree(gtfs_kit.read_feed(path, dist_units="m"), days)


def _agree(feed: Any, days: Any) -> None:
    for k, day in enumerate(days.chosen):
        if day is not None:
            runs = feed.get_trips(day.strftime("%Y%m%d"))["service_id"].value_counts()
            ours = {service: n for service, n in runs.items() if days.services[service][k]}
            assert ours == dict(runs)
            assert sum(runs) > 0


BROKEN = {
    "stops": FEED["stops"] + "S4,遠い,35.68,139.76,\nS5,数字でない,x,136.6,\nS1,また,36.5,136.6,\n,名,36.5,136.6,\n",
    "trips": FEED["trips"] + "R9,WD,T8,\nR1,ZZ,T9,\n",
    "stop_times": FEED["stop_times"] + "T1,7時,07:00:00,S3,9\nTX,07:00:00,07:00:00,S1,1\nT1,08:00:00,08:00:00,S4,8\n",
    "calendar_dates": "service_id,date,exception_type\nWD,2026-01-12,2\nWE,20260112,1\n",
    "routes": FEED["routes"] + "R3,A,,x,bus,だめ\n",
}


def test_every_bad_row_goes_to_quarantine_with_file_and_line(read: Read) -> None:
    rows, report, rejects = read(**BROKEN)
    found = {(str(r.payload["file"]), r.line, str(r.reason)) for r in rejects.rows}
    assert found == {
        ("stops.txt", 6, "outside_area"), ("stops.txt", 7, "not_a_number"), ("stops.txt", 8, "duplicate_id"),
        ("stops.txt", 9, "missing_id"), ("trips.txt", 6, "unknown_reference"), ("trips.txt", 7, "unknown_reference"),
        ("stop_times.txt", 13, "unparsable_time"), ("stop_times.txt", 14, "unknown_reference"),
        ("stop_times.txt", 15, "unknown_reference"), ("calendar_dates.txt", 2, "unparsable_time"),
        ("routes.txt", 4, "malformed"),
    }  # fmt: skip
    assert rows["bus_routes"]["R1"]["trips"] == [2, 1, 1]
    assert report["quarantined"]["unknown_reference"] == 4


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"stops": None, "trips": None}, "stops.txt, trips.txt missing"),
        ({"calendar": None, "calendar_dates": None}, "calendar.txt or calendar_dates.txt missing"),
        ({"stops": "stop_id,stop_name\nS1,駅前\n"}, "no column stop_lat, stop_lon"),
        ({"agency": "agency_name,agency_timezone\n雪みち,Asia/Kanazawa\n"}, "no time zone"),
        ({"stop_times": "trip_id,stop_id,stop_sequence\nT1,S1,1\n", "shapes": None}, "not one usable trip"),
    ],
)
def test_a_feed_that_is_none_is_refused_as_a_whole(read: Read, tables: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(**tables)


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "feed.zip"
    path.write_text("no zip")
    with pytest.raises(InputError, match="not a readable zip file"):
        read_feed(path, None, Rejects())


def test_a_folder_inside_the_zip_a_byte_order_mark_and_the_older_translations(tmp_path: Path) -> None:
    old = "trans_id,lang,translation\n駅前,ja-Hrkt,えきまえ\n駅前,en,Ekimae\n"
    rejects = Rejects()
    path = write_feed(tmp_path / "feed.zip", bom=True, folder="feed/", translations=old)
    said = {"licence": None, "attribution": None, "synthetic": False}
    rows, _, _ = read_gtfs(path, None, AREA, said, rejects)
    found = {row.external_id: json.loads(row.attributes)["name_en"] for row in rows["bus_stops"]}
    assert (found, len(rejects)) == ({"S1": "Ekimae", "S2": None, "S3": None}, 0)


@pytest.mark.parametrize(("text", "seconds"), [("7:05:00", 25_500), ("25:00:00", 90_000), ("7:5:00", -1), ("x", -1)])
def test_times_go_beyond_midnight(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


def test_a_feed_stands_for_its_source_and_says_when_it_is_over(database: Database, tmp_path: Path) -> None:
    path = write_feed(tmp_path / "feed.zip")
    source = SourceSettings()
    first = ingest_gtfs(database, path, "bus", source, NOW, licence="CC BY 4.0")
    assert (first.is_repeat, first.is_changed, first.is_expired, first.n_routes) == (False, True, False, 2)
    later = ingest_gtfs(database, path, "bus", source, datetime(2026, 3, 31, 15, tzinfo=UTC), licence="CC BY 4.0")
    assert (later.is_repeat, later.is_changed, later.is_expired) == (True, False, True)  # 1 April in Japan
    assert (later.counts, later.quarantined, later.days) == (first.counts, first.quarantined, first.days)
    stops = FEED["stops"].replace("市役所", "新市役所")
    assert ingest_gtfs(database, write_feed(tmp_path / "b.zip", stops=stops), "bus", source, NOW).is_changed
    with database.connect(Role.INGEST) as connection:
        found = connection.execute(
            "SELECT kind, count(*) FROM raw.plan_set JOIN raw.plan USING (file_id, kind, layer) GROUP BY 1 ORDER BY 1"
        ).fetchall()
    assert found == [("bus_feed", 1), ("bus_patterns", 2), ("bus_routes", 2), ("bus_stops", 3)]


@pytest.mark.realdata
def test_the_feed_of_muroran(yuki_data: Path) -> None:
    import gtfs_kit

    path, rejects = yuki_data / "muroran_gtfs" / "muroran_gtfs_jp.zip", Rejects()
    said = {"licence": "CC BY-SA 3.0", "attribution": "道南バス", "synthetic": False}
    rows, report, _ = read_gtfs(path, None, (140.0, 42.0, 142.0, 43.0), said, rejects)
    assert rejects.by_reason() == {}
    assert (report["feed"]["valid_to"], report["feed"]["agencies"]) == ("2021-04-01", "道南バス株式会社")
    feed = gtfs_kit.read_feed(path, dist_units="m")
    checked = check_feed(read_feed(path, None, Rejects()), None, Rejects())
    days = service_days(checked, "Asia/Tokyo")
    _agree(feed, days)
    weekday = feed.get_trips(days.chosen[0].strftime("%Y%m%d")) if days.chosen[0] else None
    assert weekday is not None
    told = {row.external_id: json.loads(row.attributes)["trips"][0] for row in rows["bus_routes"]}
    counted = weekday["route_id"].value_counts().to_dict()
    assert {route: n for route, n in told.items() if n} == {str(route): float(n) for route, n in counted.items()}
    assert report["n_patterns_from_stops"] == 0
    kind = feed.stops["location_type"].fillna(0)
    used = feed.stop_times["stop_id"].unique()
    assert report["n_stops"] == int(((kind == 0) | feed.stops["stop_id"].isin(used)).sum())
