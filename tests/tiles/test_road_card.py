"""The card of a road by HTTP: both directions with their words, the past, pieces of before, a database that is away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from starlette.testclient import TestClient

from geo.db import Database, Role
from geo.settings import Settings
from geo.settings_card import CardSettings
from geo.store.managers import refresh_managers
from ingest.managers import ingest_managers
from layers.publish import publish
from layers.publish_live import Changes, publish_changes
from tests.tiles.conftest import AS_OF, SECRET, TOWN, Clock
from tests.tiles.test_changes import assess
from tiles.road_card_model import RoadCard
from tiles.service import Service
from yukimichi.cluster import Cluster
from yukimichi.server import create_app

MINUTE = timedelta(minutes=1)
MORE = Path(__file__).with_name("road_card_town.sql")
OFFICES = "管理者,市町,名称,英語名,電話,リンク\n国,,国道の窓口,National Office,#9910,https://roads.example/\n"
OFFICES += "国,金沢市,金沢国道,Kanazawa National Road Office,0000-00-0001,\n"
SETTINGS = Settings(card=CardSettings(ahead_m=5000))


@pytest.fixture(scope="module")
def night(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The small town with its route, published at AS_OF."""
    cluster.create_database("test_road_card", "template_yuki")
    database = cluster.database("test_road_card")
    with database.connect(Role.ENGINE) as connection:
        connection.execute(TOWN.read_bytes())
        connection.execute(MORE.read_bytes())
    file = tmp_path_factory.mktemp("offices") / "offices.csv"
    file.write_text(OFFICES, encoding="utf-8")
    ingest_managers(database, file, synthetic=True)
    with database.connect(Role.ENGINE) as connection:
        refresh_managers(connection)
    publish(database, AS_OF, SECRET)
    yield database
    cluster.drop_database("test_road_card")


@pytest.fixture(scope="module")
def clock_of_night() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def served(night: Database, clock_of_night: Clock) -> Service:
    return Service(SETTINGS, night, clock=clock_of_night)


@pytest.fixture(scope="module")
def town_client(night: Database, served: Service) -> Iterator[TestClient]:
    with TestClient(create_app(SETTINGS, night, served), base_url="http://town.test") as client:
        yield client


@pytest.fixture
def clock(clock_of_night: Clock) -> Iterator[Clock]:
    """The clock of the night, put back afterwards."""
    yield clock_of_night
    clock_of_night.at = AS_OF


@pytest.fixture
def client(town_client: TestClient, clock: Clock) -> TestClient:
    return town_client


def card(client: TestClient, piece_id: int, **params: str) -> dict[str, Any]:
    answer = client.get(f"/status/road/{piece_id}", params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert RoadCard.model_validate(found)
    return found


def sides(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {side["direction"]: side for side in told["directions"]}


@pytest.mark.parametrize("piece_id", [1, 2, 3, 4, 6])
def test_the_card_says_what_the_collection_says(client: TestClient, piece_id: int) -> None:
    for side in card(client, piece_id)["directions"]:
        told = client.get(f"/ogc/collections/road_status/items/{side['edge_id']}").json()["properties"]
        same = set(side) & set(told) - {"reason"}
        assert len(same) > 15
        for name in same:
            one, other = side[name], told[name]
            if isinstance(one, str) and (name.endswith("_at") or name == "valid_until"):
                one, other = datetime.fromisoformat(one), datetime.fromisoformat(other)
            assert one == other, name
        assert (side["reason"], side["state_words"]["ja"]) == (told["reason"], told["state_ja"])
        assert (side["snow"] or {}).get("cm") == told["snow_since_cm"]
        assert (side["snow"] or {}).get("basis") == told["snow_basis"]


def test_one_side_and_the_other_by_their_headings(client: TestClient) -> None:
    told = card(client, 2)
    assert (told["route"], told["road_class"], told["municipality"]) == ("国道8号", "national", "金沢市")
    assert told["is_one_side_only"] is True
    both = sides(told)
    assert both["forward"]["state_words"] == {"ja": "除雪完了", "en": "Cleared"}
    assert both["backward"]["state_words"] == {"ja": "未除雪", "en": "Not cleared"}
    assert both["forward"]["treatment_words"]["ja"] == "新雪除雪"
    assert both["forward"]["work_basis_words"]["en"] == "seen by a sensor"
    assert both["forward"]["confidence_words"]["ja"] == "高い（97 %）"
    assert both["forward"]["source_kind"] == "ploughs"
    assert both["backward"]["source_kind"] == "none"
    assert both["forward"]["heading"] == {"ja": "東向き", "en": "Eastbound"}
    assert both["backward"]["heading"] == {"ja": "西向き", "en": "Westbound"}
    assert told["line"][0] == [136.62, 36.56]
    assert len(card(client, 1)["directions"]) == 1
    assert card(client, 1)["is_one_side_only"] is False


def test_snow_that_nobody_observed_is_said(client: TestClient) -> None:
    snow = sides(card(client, 2))["forward"]["snow"]
    assert (snow["cm"], snow["basis"]) == (None, "missing")
    assert "分からない" in snow["words"]["ja"]
    assert sides(card(client, 2))["backward"]["snow"] is None


def test_contact_of_the_municipality_wins_and_others_fall_back(client: TestClient) -> None:
    told = card(client, 2)
    assert told["manager"] == {
        "code": "nation",
        "words": {"ja": "国", "en": "Nation"},
        "contact": {
            "name": {"ja": "金沢国道", "en": "Kanazawa National Road Office"}, "phone": "0000-00-0001", "link": None,
        },
    }  # fmt: skip
    assert card(client, 3)["manager"]["contact"] is None  # no office of a municipality is known


def test_the_plan_and_where_each_direction_stands(client: TestClient, clock: Clock) -> None:
    told = card(client, 2)
    assert told["plan"] == {
        "kind": "route", "id": "R1", "name": "国道8号 金沢", "route_class": "第1種", "target_time": "07:00",
        "callout_depth_cm": 5.0,
    }  # fmt: skip
    forward, backward = (sides(told)[name]["target"] for name in ("forward", "backward"))
    assert (forward["state"], backward["state"]) == ("achieved", "at_risk")
    assert forward["due"]["ja"] == "第1種・07:30まで"
    clock.at = AS_OF + 31 * MINUTE
    assert sides(card(client, 2))["backward"]["target"]["state"] == "missed"
    section = card(client, 3)
    assert section["plan"]["kind"] == "section"
    assert sides(section)["forward"]["target"]["state"] is None
    assert card(client, 4)["plan"] is None


def test_why_not_yet_and_next_follow_the_plough(client: TestClient, clock: Clock) -> None:
    ahead = sides(card(client, 6))["forward"]
    assert [why["code"] for why in ahead["why_not_yet"]] == ["before_it", "higher_class"]
    assert ahead["why_not_yet"][1]["words"]["ja"] == (
        "同じ市町で、期限のより早い除雪路線（特別）が1本、まだ終わっていない"
    )
    assert ahead["next"]["code"] == "ahead"
    assert 3500 < ahead["next"]["distance_m"] < 4000  # the length of piece 2
    assert ahead["next"]["distance_m"] % 100 == 0
    assert ahead["next"]["worked_at"] == "2026-01-14T21:55:00Z"
    back = sides(card(client, 6))["backward"]
    assert [why["code"] for why in back["why_not_yet"]] == ["silent", "on_route", "higher_class"]
    assert back["next"]["code"] == "not_yet"
    here = sides(card(client, 1))["forward"]
    assert (here["why_not_yet"], here["next"]["code"]) == ([], "here")
    assert sides(card(client, 2))["forward"]["next"]["code"] == "done"
    clock.at = AS_OF + 10 * MINUTE  # the work on edge 2 is 14 minutes old
    later = sides(card(client, 6))["forward"]
    assert [why["code"] for why in later["why_not_yet"]] == ["higher_class"]
    assert later["next"]["code"] == "nobody_knows"


def test_a_road_on_nobodys_plan_says_so(client: TestClient) -> None:
    (side,) = card(client, 4)["directions"]
    assert [why["code"] for why in side["why_not_yet"]] == ["no_plan"]
    assert (side["state"], side["reason"], side["next"]["code"]) == ("unknown", "not_on_plan", "nobody_knows")
    assert side["reason_words"]["en"] == "The road is on no clearing plan."


def test_the_log_is_coarse_and_names_nobody(client: TestClient, night: Database) -> None:
    told = card(client, 2)
    (visit,) = sides(told)["forward"]["visits"]
    assert (visit["began_at"], visit["ended_at"]) == ("2026-01-14T20:50:00Z", "2026-01-14T21:00:00Z")
    assert (visit["kind"], visit["words"]["ja"]) == ("pass", "作業走行（新雪除雪）")
    assert visit["metres"] == pytest.approx(told["length_m"], abs=1)
    assert sides(told)["backward"]["visits"] == []
    assert "公表しない" in told["visits_note"]["ja"]
    (drove,) = sides(card(client, 3))["backward"]["visits"]
    assert (drove["kind"], drove["words"]["en"]) == ("deadhead", "passed without work")
    with night.connect(Role.ENGINE) as connection:
        rows = connection.execute(
            "SELECT vehicle FROM ops.vehicle_state UNION SELECT contractor FROM ops.assignment "
            "UNION SELECT machine FROM ops.assignment UNION SELECT contractor FROM net.work_section"
        ).fetchall()
    names = [str(row[0]) for row in rows]
    assert len(names) > 6
    for piece_id in (1, 2, 3, 4, 6, 7):
        text = client.get(f"/status/road/{piece_id}").text
        assert not [name for name in [*names, "vehicle", "pass_id", "trace"] if name in text]


def test_the_log_is_cut_where_there_is_more(night: Database, clock: Clock) -> None:
    few = Settings(card=CardSettings(visits_most=1))
    with night.connect(Role.PUBLISH) as connection:
        connection.execute(
            "INSERT INTO pub.passes SELECT (jsonb_populate_record(p, jsonb_build_object('pass_id', 900 + i))).* "
            "FROM pub.passes AS p, generate_series(0, 1) AS i WHERE p.edge_id = 4"
        )
    try:
        with TestClient(create_app(few, night, Service(few, night, clock=clock)), base_url="http://x.test") as client:
            told = card(client, 2)
    finally:
        with night.connect(Role.PUBLISH) as connection:
            connection.execute("DELETE FROM pub.passes WHERE pass_id >= 900")
    assert (len(sides(told)["forward"]["visits"]), told["has_more_visits"]) == (1, True)


def test_a_clearing_runs_out_on_the_card(client: TestClient, clock: Clock) -> None:
    clock.at = AS_OF + 30 * MINUTE
    side = sides(card(client, 3))["forward"]
    assert (side["state"], side["reason"], side["cleared_at"]) == ("unknown", "expired", "2026-01-14T19:00:00Z")
    assert [why["code"] for why in side["why_not_yet"]] == ["worn"]


def test_one_language_alone(client: TestClient) -> None:
    text = client.get("/status/road/6?lang=en").text
    assert '"ja"' not in text
    assert card(client, 6, lang="ja")["manager"]["words"] == {"ja": "国"}


def test_tags_follow_what_is_known_and_not_the_clock(client: TestClient, clock: Clock) -> None:
    first = client.get("/status/road/2")
    assert first.headers["cache-control"] == "public, max-age=2"
    assert parsedate_to_datetime(first.headers["last-modified"]) == AS_OF
    clock.at = AS_OF + MINUTE
    again = client.get("/status/road/2", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/status/road/3", headers={"if-none-match": first.headers["etag"]}).status_code == 200
    clock.at = AS_OF + 31 * MINUTE  # the target has passed
    assert client.get("/status/road/2", headers={"if-none-match": first.headers["etag"]}).status_code == 200


@pytest.mark.parametrize("piece_id", ["999", "5", "x", "-1", "9" * 30, "160"])
def test_what_is_not_there_is_a_problem(client: TestClient, piece_id: str) -> None:
    answer = client.get(f"/status/road/{piece_id}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert "heir_piece_id" not in answer.json()


@pytest.mark.parametrize("piece_id", [100, 150])
def test_a_former_piece_names_the_one_that_holds_most_of_it(client: TestClient, piece_id: int) -> None:
    answer = client.get(f"/status/road/{piece_id}")
    assert (answer.status_code, answer.json()["heir_piece_id"]) == (404, 2)
    assert answer.headers["link"] == '<http://town.test/status/road/2>; rel="successor-version"'
    assert "piece 2" in answer.json()["hint"]


@pytest.mark.parametrize(
    ("query", "name"),
    [("at=now", "at"), ("at=2026-01-14T22:00:00", "at"), ("lang=fr", "lang"), ("colour=red", "colour"),
     ("lang=ja&lang=en", "lang")],
)  # fmt: skip
def test_a_bad_parameter_is_named(client: TestClient, query: str, name: str) -> None:
    answer = client.get(f"/status/road/2?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert f"Parameter {name}" in answer.json()["detail"]


def test_the_past_is_told_as_it_was(client: TestClient, night: Database, clock: Clock) -> None:
    try:
        assess(night, 4, "uncleared")
        with night.connect(Role.PUBLISH) as connection:
            publish_changes(connection, Changes((4,)), AS_OF + 20 * MINUTE)
        clock.at = AS_OF + 25 * MINUTE
        now_side = _wait_for(client, "uncleared")
        assert now_side["target"]["state"] == "achieved"  # it was open by its deadline
        then = card(client, 2, at="2026-01-14T22:10:00Z")
        side = sides(then)["forward"]
        assert (side["state"], side["cleared_at"]) == ("cleared", "2026-01-14T21:00:00Z")
        assert (side["why_not_yet"], side["next"], side["snow"]["basis"]) == (None, None, "missing")
        assert len(side["visits"]) == 1
        assert then["past"]["at"] == "2026-01-14T22:10:00Z"
        before = client.get("/status/road/2?at=2026-01-14T20:00:00Z")
        assert before.status_code == 404
        assert before.json()["hint"].startswith("What is known begins at")
        assert client.get("/status/road/2?at=2026-01-15T20:00:00Z").status_code == 404
        assert client.get("/status/road/100?at=2026-01-14T22:10:00Z").json()["heir_piece_id"] == 2
    finally:
        assess(night, 4, "cleared", valid_until=AS_OF + timedelta(hours=23))
        with night.connect(Role.PUBLISH) as connection:
            publish_changes(connection, Changes((4,)), AS_OF + 20 * MINUTE)


def _wait_for(client: TestClient, state: str) -> dict[str, Any]:
    deadline = datetime.now(UTC) + timedelta(seconds=10)
    while (side := sides(card(client, 2))["forward"])["state"] != state:
        assert datetime.now(UTC) < deadline
    return side


def test_what_is_withheld_is_not_told(client: TestClient, night: Database, served: Service) -> None:
    try:
        with night.connect(Role.PUBLISH) as connection:
            connection.execute("INSERT INTO pub.withheld_edge VALUES (12), (13)")
            connection.execute("UPDATE pub.edge_status SET state = 'unknown', reason = 'withheld' WHERE edge_id = 12")
        told = card(client, 6)
        side = sides(told)["forward"]
        assert ([why["code"] for why in side["why_not_yet"]], side["next"]["code"]) == (["withheld"], "nobody_knows")
        assert (side["visits"], side["target"]["state"]) == (None, None)
        assert "公表を停止" in told["visits_note"]["ja"]
        assert sides(card(client, 2))["backward"]["target"]["state"] is None  # its route is named in part
    finally:
        with night.connect(Role.PUBLISH) as connection:
            connection.execute("DELETE FROM pub.withheld_edge")
            connection.execute("UPDATE pub.edge_status SET state = 'uncleared', reason = 'none' WHERE edge_id = 12")


def test_while_the_database_is_away_cards_go_on_and_run_out(
    client: TestClient, served: Service, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    card(client, 3)

    def away(*_: object) -> None:
        raise psycopg.OperationalError("it is away")

    monkeypatch.setattr(served, "connection", away)
    clock.at = AS_OF + 29 * MINUTE
    answer = client.get("/status/road/3")
    assert answer.status_code == 200
    assert answer.headers["cache-status"].startswith('yukimichi; hit; detail="stale since ')
    assert sides(answer.json())["forward"]["state"] == "cleared"
    clock.at = AS_OF + 30 * MINUTE
    assert sides(client.get("/status/road/3").json())["forward"]["reason"] == "expired"
    missing = client.get("/status/road/999")
    assert (missing.status_code, missing.headers["content-type"]) == (503, "application/problem+json")
    assert client.get("/status/road/3?at=2026-01-14T22:00:00Z").status_code == 503


def test_the_open_api_document_describes_the_answer(client: TestClient) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/status/road/{piece_id}"]["get"]
    assert operation["responses"]["200"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/RoadCard"
    }
    assert {parameter["name"] for parameter in operation["parameters"]} == {"piece_id", "at", "lang"}
