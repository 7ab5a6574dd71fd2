"""Places from a file to what is served: stable ids, laid lines, versions of tiles, pictures of cameras."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import geopandas as gpd
import httpx
import pytest
import shapely
from gtfs_feed import FEED, write_feed
from PIL import Image
from served_town import serving

from geo.db import Database, Role
from geo.settings import Settings, SourceSettings
from geo.settings_places import CameraSettings
from ingest.gtfs import ingest_gtfs
from ingest.places import ingest_places, ingest_register
from ingest.roads import ingest_roads
from tiles.service import Service
from yukimichi.camera_keeper import CameraKeeper
from yukimichi.cluster import Cluster
from yukimichi.context import Context
from yukimichi.pipeline import World, refresh
from yukimichi.places import BroughtOut, bring_out
from yukimichi.server import create_app

NOW = datetime(2026, 1, 20, 6, 0, tzinfo=UTC)
#: A street of three pieces from the station to beyond the hospital, and a street to the north at the city hall.
ROADS = {
    "A": ([(136.6500, 36.56), (136.6545, 36.56)], "国道8号"),
    "B": ([(136.6545, 36.56), (136.6590, 36.56)], "国道8号"),
    "C": ([(136.6590, 36.56), (136.6650, 36.56)], "県道1号"),
    "D": ([(136.6545, 36.56), (136.6545, 36.565)], "県道2号"),
}


@dataclass
class Clock:
    """The present moment of this town."""

    at: datetime = field(default=NOW)

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Town:
    """A town with a folder for its deliveries, and the moment that its service takes for now."""

    context: Context
    folder: Path
    clock: Clock

    @property
    def database(self) -> Database:
        return self.context.database

    def ask(self, query: LiteralString) -> list[tuple[Any, ...]]:
        """Rows as the owner sees them."""
        with self.database.connect(Role.OWNER) as connection:
            return connection.execute(query).fetchall()

    def places(self, kind: str, *rows: str) -> BroughtOut:
        """Deliver places of a kind: id, name, lon, lat."""
        path = self.folder / f"{kind}.csv"
        path.write_text("\n".join(["id,name,lon,lat", *rows]) + "\n")
        ingest_places(self.database, path, kind, "pref", SourceSettings())
        return bring_out(self.context)


@pytest.fixture(scope="module")
def town(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A published town of four roads; the tests of this file add to it, each with places of its own."""
    folder = tmp_path_factory.mktemp("places")
    cluster.create_database("places_town", "template_yuki")
    database = cluster.database("places_town")
    cameras = CameraSettings(files_below=Path("cameras"), keep_h=6)
    settings = Settings(home=folder, cameras=cameras)
    (folder / "cameras").mkdir()
    lines = [shapely.LineString(points) for points, _ in ROADS.values()]
    frame = gpd.GeoDataFrame(
        {"road_id": list(ROADS), "route": [route for _, route in ROADS.values()]}, geometry=lines, crs=4326
    )
    frame.to_file(folder / "roads.geojson")
    ingest_roads(database, [folder / "roads.geojson"], "roads", SourceSettings(join_policy="endpoints"))
    refresh(database, settings, b"a secret of this test", NOW, World(), quiet=True)
    yield Town(Context(settings, database), folder, Clock())
    cluster.drop_database("places_town")


@pytest.fixture(scope="module")
def client(town: Town) -> Iterator[httpx.Client]:
    """A client of the served town."""
    service = Service(town.context.settings, town.database, clock=town.clock)
    app = create_app(town.context.settings, town.database, service)
    with serving(app) as address, httpx.Client(base_url=address, timeout=20) as found:
        yield found


def items(client: httpx.Client, collection: str, query: str = "") -> dict[str, dict[str, Any]]:
    """Properties of features by id."""
    answer = client.get(f"/ogc/collections/{collection}/items?f=json&limit=1000{query}")
    assert answer.status_code == 200, answer.text
    return {str(one["id"]): one["properties"] for one in answer.json()["features"]}


def published_key(town: Town) -> str:
    """The key of what is published of places."""
    return str(town.ask("SELECT places_key FROM pub.dataset")[0][0])


def test_a_place_keeps_its_id_is_retired_and_comes_back(town: Town) -> None:
    first = town.places("hospital", "H1,中央病院,136.655,36.561", "H2,東病院,136.66,36.561")
    assert (first.places.n_changed, first.published.n_facilities, first.published.is_new) == (2, 2, True)
    ids = {row[1]: row[0] for row in town.ask("SELECT place_id, name FROM pub.facility WHERE kind = 'hospital'")}
    key = published_key(town)

    same = town.places("hospital", "H1,中央病院,136.655,36.561", "H2,東病院,136.66,36.561")
    assert (same.places.is_new, same.published.n_facilities, same.published.is_new) == (False, 0, False)

    moved = town.places("hospital", "H1,新中央病院,136.6551,36.561")
    assert (moved.places.n_changed, moved.places.n_retired, moved.published.is_new) == (1, 1, True)
    rows = town.ask("SELECT place_id, name, retired_at IS NULL FROM net.place WHERE kind = 'hospital' ORDER BY 2")
    assert rows == [(ids["中央病院"], "新中央病院", True), (ids["東病院"], "東病院", False)] or rows == [
        (ids["東病院"], "東病院", False), (ids["中央病院"], "新中央病院", True),
    ]  # fmt: skip
    assert town.ask("SELECT name FROM pub.facility WHERE kind = 'hospital'") == [("新中央病院",)]

    back = town.places("hospital", "H1,中央病院,136.655,36.561", "H2,東病院,136.66,36.561")
    assert (back.places.n_changed, back.places.n_retired) == (2, 0)
    assert {
        row[1]: row[0] for row in town.ask("SELECT place_id, name FROM pub.facility WHERE kind = 'hospital'")
    } == ids
    assert published_key(town) == key  # the same content has the same version, whatever happened between


def test_places_leave_roads_and_states_alone(town: Town) -> None:
    before = town.ask("SELECT network_key, plan_key, reference_key, status_version FROM pub.dataset")
    town.places("school", "S1,小学校,136.656,36.562")
    assert town.ask("SELECT network_key, plan_key, reference_key, status_version FROM pub.dataset") == before


def test_facilities_are_served_with_their_kind_in_words_and_tiles_have_a_version(
    town: Town, client: httpx.Client
) -> None:
    town.places("snow_dump", "Y1,河川敷雪捨て場,136.663,36.563")
    key = published_key(town)
    told = _wait_for(client, key)
    found = items(client, "facilities", "&kind=snow_dump")
    assert [(row["name"], row["kind_ja"], row["kind_en"], row["synthetic"]) for row in found.values()] == [
        ("河川敷雪捨て場", "雪捨て場", "Snow dump", False)
    ]
    tilejson = client.get("/tiles/facilities/tilejson.json").json()
    assert tilejson["content_version"] == told == key
    address = tilejson["tiles"][0].format(z=14, x=14411, y=6413)
    west = client.get(address)
    assert west.headers["cache-control"] == "public, max-age=31536000, immutable"
    old = client.get("/tiles/facilities/before/14/14411/6413.mvt", follow_redirects=False)
    assert (old.status_code, key in old.headers["location"]) == (307, True)
    tag = client.get("/ogc/collections/facilities/items?f=json").headers["etag"]
    assert client.get("/ogc/collections/facilities/items?f=json", headers={"If-None-Match": tag}).status_code == 304
    town.places("snow_dump", "Y1,河川敷雪捨て場,136.663,36.563", "Y2,港雪捨て場,136.664,36.563")
    assert _wait_for(client, published_key(town)) != key
    assert client.get("/ogc/collections/facilities/items?f=json", headers={"If-None-Match": tag}).status_code == 200


def _wait_for(client: httpx.Client, key: str) -> str:
    """The version of places that the service tells once it has seen this publication."""
    for _ in range(200):
        told = str(client.get("/config.json").json()["places_version"])
        if told == key:
            break
    return told


def test_the_priority_network_is_laid_from_lines_and_from_names_of_routes(town: Town, client: httpx.Client) -> None:
    lines = gpd.GeoDataFrame(
        {"路線名": ["病院線", "病院線", "山の線"], "区分": ["第2次", "第2次", "第3次"]},
        geometry=[
            shapely.LineString([(136.6500, 36.56003), (136.6545, 36.56003)]),
            shapely.LineString([(136.6545, 36.56003), (136.6590, 36.56003)]),
            shapely.LineString([(136.70, 36.60), (136.71, 36.60)]),
        ],
        crs=4326,
    )  # fmt: skip
    path, table = town.folder / "priority.geojson", town.folder / "priority.csv"
    lines.to_file(path)
    table.write_text("路線,区分\n国道８号,第１次\n国道99号,第1次\n")
    ingest_register(town.database, "priority_network", path, "pref", SourceSettings())
    ingest_register(town.database, "priority_network", table, "nation", SourceSettings())
    done = bring_out(town.context)
    assert done.lines.counts["priority_network"] == 4
    assert {(m[0], m[1]) for m in done.lines.misfits} == {
        ("priority_network", "山の線|第3次"), ("priority_network", "国道99号|第1次"),
    }  # fmt: skip
    _wait_for(client, published_key(town))
    found = {row["name"]: row for row in items(client, "priority_network").values()}
    assert set(found) == {"病院線", "山の線", "国道8号"}
    told = found["国道8号"]
    assert (told["network_class"], told["class_name"], told["laid_fraction"], told["source"]) == (
        1, "第1次", 1.0, "nation",
    )  # fmt: skip
    assert found["山の線"]["laid_fraction"] == 0
    roads = items(client, "roads")
    classes = {row["route"]: (row["is_priority_network"], row["priority_class"]) for row in roads.values()}
    # the line of the second class lies on the same road: the first class wins
    assert classes == {"国道8号": (True, 1), "県道1号": (False, None), "県道2号": (False, None)}
    again = bring_out(town.context)
    assert (again.lines.is_new, again.lines.counts, again.published.n_priority) == (False, done.lines.counts, 0)


def test_buses_are_laid_in_their_direction_with_their_trips(town: Town, client: httpx.Client) -> None:
    feed = write_feed(town.folder / "feed.zip")
    ingest_gtfs(town.database, feed, "bus", SourceSettings(), NOW, licence="CC BY 4.0")
    done = bring_out(town.context)
    assert done.lines.counts | {"priority_network": 0} == {
        "priority_network": 0, "bus_feeds": 1, "bus_stops": 3, "bus_routes": 2, "bus_edges": 4,
    }  # fmt: skip
    rows = town.ask(
        "SELECT e.route_id, p.external_id, e.edge_id % 2 = 0, round(e.to_m - e.from_m), e.trips_weekday, "
        "e.trips_sunday FROM net.bus_edge AS e JOIN net.piece AS p ON p.piece_id = e.edge_id / 2 ORDER BY 1, 2"
    )
    # R1 drives its shape eastwards; R2 has none and goes back along the roads from the hospital to the station
    assert rows == [
        ("bus:R1", "A", True, 403, 2, 1), ("bus:R1", "B", True, 403, 2, 1),
        ("bus:R2", "A", False, 403, 1, 0), ("bus:R2", "B", False, 403, 1, 0),
    ]  # fmt: skip
    _wait_for(client, published_key(town))
    routes = items(client, "bus_routes")
    assert {key: (row["shape_source"], row["laid_fraction"]) for key, row in routes.items()} == {
        "bus:R1": ("shapes", 1.0), "bus:R2": ("stops", 1.0),
    }  # fmt: skip
    first = routes["bus:R1"]
    assert (first["name_en"], first["agency_en"], first["attribution"], first["licence"], first["feed_version"]) == (
        "Hospital Line", "Yukimichi Bus", "雪みち交通", "CC BY 4.0", "2026冬",
    )  # fmt: skip
    assert town.ask("SELECT count(*) FROM pub.bus_edge") == [(4,)]
    assert not first["is_expired"]
    town.clock.at = datetime(2026, 3, 31, 15, 0, tzinfo=UTC)  # midnight of 1 April in Japan
    assert {row["is_expired"] for row in items(client, "bus_stops").values()} == {True}
    town.clock.at = NOW


def test_another_feed_takes_the_place_of_the_former_one(town: Town) -> None:
    later = FEED["feed_info"].replace("20260331", "20260930").replace("2026冬", "2026夏")
    stops = "\n".join(line for line in FEED["stops"].split("\n") if not line.startswith("S2"))
    times = "\n".join(line for line in FEED["stop_times"].split("\n") if ",S2," not in line)
    feed = write_feed(town.folder / "later.zip", feed_info=later, stops=stops, stop_times=times)
    ingest_gtfs(town.database, feed, "bus", SourceSettings(), NOW)
    bring_out(town.context)
    assert town.ask("SELECT stop_id, valid_to::text, licence FROM pub.bus_stop ORDER BY 1") == [
        ("bus:S1", "2026-09-30", None), ("bus:S3", "2026-09-30", None),
    ]  # fmt: skip
    assert town.ask("SELECT DISTINCT feed_version FROM pub.bus_route") == [("2026夏",)]


def draw(path: Path, colour: str, at: datetime) -> None:
    """A picture file of one colour, last changed at a moment."""
    Image.new("RGB", (320, 180), colour).save(path, "JPEG")
    os.utime(path, (at.timestamp(), at.timestamp()))


def test_pictures_are_fetched_by_their_interval_and_said_to_be_late(town: Town, client: httpx.Client) -> None:
    folder = town.folder / "cameras"
    draw(folder / "one.jpg", "white", NOW - timedelta(minutes=1))
    register = town.folder / "cameras.csv"
    register.write_text(
        "camera_id,name,link,interval_s,lon,lat\n"
        f"1,峠,{(folder / 'one.jpg').as_uri()},300,136.655,36.56\n"
        f"2,橋,{(folder / 'none.jpg').as_uri()},300,136.656,36.56\n"
        "3,中,http://127.0.0.1:9/x.jpg,300,136.657,36.56\n"
    )
    ingest_register(town.database, "cameras", register, "road-office", SourceSettings())
    assert bring_out(town.context).places.n_cameras == 3
    before = {row["name"]: row for row in items(client, "cameras").values()}
    assert {row["problem"] for row in before.values()} == {None}
    assert {row["is_late"] for row in before.values()} == {True}

    keeper = CameraKeeper(town.database, town.context.settings, town.clock)
    assert keeper.look() == 3
    found = {row["name"]: row for row in items(client, "cameras").values()}
    assert {name: (row["problem"], row["is_late"], row["image"] is None) for name, row in found.items()} == {
        "峠": ("none", False, False), "橋": ("refused", True, True), "中": ("not_allowed", True, True),
    }  # fmt: skip
    assert "127.0.0.1:9" not in json.dumps(found)
    address = found["峠"]["image"]
    answer = client.get(address)
    assert answer.status_code == 200
    assert (answer.headers["content-type"], answer.headers["last-modified"], answer.headers["cache-control"]) == (
        "image/jpeg", "Tue, 20 Jan 2026 05:59:00 GMT", "public, max-age=300",
    )  # fmt: skip
    assert "cache-status" not in answer.headers
    assert Image.open(io.BytesIO(answer.content)).size == (320, 180)
    tag = answer.headers["etag"]
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 304

    assert keeper.look() == 0  # nothing is due
    town.clock.at = NOW + timedelta(minutes=5)
    assert keeper.look() == 1  # the two failures wait twice as long
    assert items(client, "cameras")[address.split("/")[2]]["fetched_at"].startswith("2026-01-20T06:05")
    assert client.get(address).headers["etag"] == tag

    town.clock.at = NOW + timedelta(minutes=20)
    late = client.get(address)
    assert late.status_code == 200
    assert 'detail="late since 2026-01-20T05:59:00Z"' in late.headers["cache-status"]
    assert items(client, "cameras")[address.split("/")[2]]["is_late"]

    draw(folder / "one.jpg", "black", town.clock.at)
    keeper.look()
    assert client.get(address).headers["etag"] != tag
    assert "cache-status" not in client.get(address).headers

    town.clock.at = NOW + timedelta(hours=7)
    (folder / "one.jpg").unlink()
    keeper.look()
    gone = client.get(address)
    assert (gone.status_code, gone.headers["content-type"]) == (404, "application/problem+json")
    assert "refused" in gone.json()["detail"]
    town.clock.at = NOW


def test_what_is_no_camera_has_no_picture(client: httpx.Client) -> None:
    answer = client.get("/cameras/nothing/image")
    assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")
    assert client.get("/cameras/nothing/image?size=1").status_code == 400


def test_a_camera_that_is_delivered_no_more_loses_its_picture(town: Town) -> None:
    assert town.ask("SELECT count(*) FROM pub.camera_image") == [(3,)]
    register = town.folder / "cameras.csv"
    register.write_text("camera_id,name,link,interval_s,lon,lat\n9,別,https://camera.example/9.jpg,300,136.655,36.56\n")
    ingest_register(town.database, "cameras", register, "road-office", SourceSettings())
    assert bring_out(town.context).places.n_cameras_retired == 3
    assert town.ask("SELECT count(*) FROM pub.camera_image") == [(0,)]
    assert town.ask("SELECT name FROM pub.camera") == [("別",)]
