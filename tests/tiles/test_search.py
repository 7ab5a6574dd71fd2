"""Search over the small town: what is found, how it is called, in which order, on which road, and what is refused."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from geo.db import Database, Role
from geo.settings import Settings
from geo.settings_search import SearchSettings
from ingest.gazetteer import read_gazetteer
from ingest.gazetteer_dictionary import build_dictionary
from tests.served_town import AS_OF, publish_town, serving
from tiles.answers import compact
from tiles.search import BYTES_MAX, document, find
from tiles.search_addresses import Addresses, Found, Told
from tiles.search_rank import Asked, Result
from tiles.service import Service
from yukimichi.cluster import Cluster
from yukimichi.server import create_app

MORE = Path(__file__).with_name("search_town.sql")
ADDRESSES = """都道府県名,市区町村名,大字・丁目名,小字・通称名,街区符号・地番,緯度,経度,住居表示フラグ,代表フラグ,\
synthetic
石川県,金沢市,本町一丁目,,1,36.5620,136.6506,1,1,true
石川県,金沢市,本町一丁目,,2,36.5628,136.6512,1,1,true
石川県,金沢市,本町二丁目,,1,36.5605,136.6530,1,1,true
石川県,金沢市,本郷町,,5,36.5700,136.6800,0,1,true
石川県,かほく市,高松,イ,12,36.7700,136.7200,0,1,true
石川県,かほく市,高松,ロ,,36.7710,136.7210,0,1,true
石川県,かほく市,高松,ろ,,36.7720,136.7220,0,1,true
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("search")


@pytest.fixture(scope="module")
def dictionary(home: Path) -> Path:
    file = home / "addresses.csv"
    file.write_text(ADDRESSES, encoding="utf-8")
    return build_dictionary(read_gazetteer([file]), [file], home / "addresses").folder


@pytest.fixture(scope="module")
def town(cluster: Cluster) -> Iterator[Database]:
    cluster.create_database("search", "template_yuki")
    database = cluster.database("search")
    publish_town(database, MORE)
    with database.connect(Role.PUBLISH) as connection:
        connection.execute(
            "INSERT INTO pub.facility"
            " (place_id, kind, kind_ja, kind_en, name, name_en, source, synthetic, row_key, geom)"
            " VALUES ('f1', 'hospital', '病院', 'Hospital', '本町病院', 'Hommachi Hospital', 'demo', true, 'x',"
            " ST_SetSRID(ST_MakePoint(136.6502, 36.5615), 4326))"
        )
    yield database
    cluster.drop_database("search")


@pytest.fixture(scope="module")
def settings(home: Path) -> Settings:
    return Settings(home=home)


@pytest.fixture(scope="module")
def client(town: Database, settings: Settings, dictionary: Path) -> Iterator[httpx.Client]:
    service = Service(settings, town, clock=lambda: AS_OF)
    with serving(create_app(settings, town, service)) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client


def search(client: httpx.Client, q: str, **params: Any) -> dict[str, Any]:
    answer = client.get("/search", params={"q": q, "lang": "ja"} | params)
    assert answer.status_code == 200, answer.text
    assert len(answer.content) <= BYTES_MAX
    document: dict[str, Any] = answer.json()
    assert document["n"] == len(document["results"])
    return document


def labels(client: httpx.Client, q: str, **params: Any) -> list[tuple[str, str]]:
    return [(result["kind"], result["label"]) for result in search(client, q, **params)["results"]]


@pytest.mark.parametrize("q", ["国道8号", "国道８号", "国道八号線", "R8", "Route 8", "8号", "8", "金沢市国道8号"])
def test_a_route_is_found_by_every_way_of_writing_it(client: httpx.Client, q: str) -> None:
    first = search(client, q)["results"][0]
    assert (first["kind"], first["label"], first["piece_id"]) == ("route", "国道8号", 2)
    assert first["detail"] == "金沢市"
    assert first["bbox"] == [136.62, 36.56, 136.66, 36.562]


def test_a_number_of_another_road_is_not_that_route(client: httpx.Client) -> None:
    assert ("route", "国道8号") not in labels(client, "県道8号")
    assert labels(client, "E8")[0] == ("route", "E8 北陸自動車道")
    assert labels(client, "北陸自動車道")[0] == ("route", "E8 北陸自動車道")


def test_the_whole_name_comes_before_its_begin_and_that_before_a_part(client: httpx.Client) -> None:
    found = search(client, "本町")["results"]
    assert (found[0]["kind"], found[0]["label"]) == ("settlement", "本町")
    kinds = {(r["kind"], r["label"]) for r in found}
    expected = {("road", "本町通り"), ("work_section", "本町工区"), ("address", "本町一丁目"), ("facility", "本町病院")}
    assert expected <= kinds
    assert [r["score"] for r in found] == sorted((r["score"] for r in found), reverse=True)
    assert found[0]["score"] > 100 > found[1]["score"]
    assert labels(client, "町通り") == [("road", "本町通り")]


def test_everything_but_a_municipality_stands_on_a_road(client: httpx.Client) -> None:
    pieces = {r["label"]: r["piece_id"] for r in search(client, "本町", limit=20)["results"]}
    # by the distance to each line, worked out on paper: the hospital lies 20 m from piece 3 and 55 m from piece 2
    assert pieces["本町病院"] == 3
    assert pieces["本町通り"] == 3
    assert search(client, "金沢市")["results"][0]["piece_id"] is None
    assert search(client, "金沢市")["results"][0]["kind"] == "municipality"


@pytest.mark.parametrize("q", ["金沢市本町一丁目1番", "金沢市本町１－１", "石川県金沢市 本町一丁目 1番"])
def test_an_address_is_found_with_its_road(client: httpx.Client, q: str) -> None:
    first = search(client, q)["results"][0]
    assert (first["kind"], first["label"], first["detail"]) == ("address", "本町一丁目1番", "石川県金沢市")
    assert (first["lon"], first["lat"], first["piece_id"]) == (136.6506, 36.562, 3)


def test_an_address_is_told_while_it_is_typed(client: httpx.Client) -> None:
    assert ("address", "本郷町") in labels(client, "本郷")
    assert ("address", "本郷町") in labels(client, "金沢市本郷")
    assert [r for r in labels(client, "金沢市本町") if r[0] == "address"] == [
        ("address", "本町一丁目"), ("address", "本町二丁目"),
    ]  # fmt: skip
    # what lies beyond the last number is told as what was found of it, below all that fits as a whole
    partial = search(client, "金沢市本町一丁目1番99")["results"][0]
    assert (partial["label"], partial["score"] < 60) == ("本町一丁目1番", True)


def test_an_address_far_from_every_road_has_none(client: httpx.Client) -> None:
    (found,) = [r for r in search(client, "かほく市高松イ12番地")["results"] if r["label"] == "高松イ12番地"]
    assert found["piece_id"] is None
    assert found["detail"] == "石川県かほく市"


@pytest.mark.parametrize(("q", "first"), [("かほく市高松ロ", "高松ロ"), ("かほく市高松ろ", "高松ろ")])
def test_of_two_small_areas_in_other_kana_the_one_that_was_written_comes_first(
    client: httpx.Client, q: str, first: str
) -> None:
    found = [label for kind, label in labels(client, q) if kind == "address"]
    assert found[0] == first
    assert sorted(found[:2]) == sorted(["高松ロ", "高松ろ"])


def test_places_have_english_names_and_the_answer_its_language(client: httpx.Client) -> None:
    assert labels(client, "Kanazawa-shi", lang="en")[0] == ("municipality", "Kanazawa")
    assert labels(client, "kanazawa hommachi", lang="en")[0] == ("settlement", "Hommachi")
    first = search(client, "国道8号", lang="en")["results"][0]
    assert (first["label"], first["detail"], first["kind_name"]) == ("National Route 8", "Kanazawa", "Route")
    hospital = search(client, "hommachi hosp", lang="en")["results"][0]
    assert (hospital["label"], hospital["kind_name"]) == ("Hommachi Hospital", "Hospital")
    assert client.get("/search?q=R8", headers={"Accept-Language": "en"}).json()["lang"] == "en"


def test_what_is_near_comes_first_and_a_route_is_shown_there(client: httpx.Client) -> None:
    twins = [r["lon"] for r in search(client, "双子町")["results"]]
    assert len(twins) == 2
    assert search(client, "双子町", near="136.60,36.55")["results"][0]["lon"] == min(twins)
    assert search(client, "双子町", near="136.80,36.60")["results"][0]["lon"] == max(twins)


def test_a_kilometre_lies_between_its_posts(client: httpx.Client) -> None:
    (first, *_) = search(client, "国道8号 12.5 km")["results"]
    assert (first["kind"], first["label"], first["piece_id"]) == ("kilometre_post", "国道8号 12.5 km", 2)
    assert (first["lon"], first["lat"]) == (136.635, 36.5605)
    at_post = search(client, "R8 KP12", lang="en")["results"][0]
    assert (at_post["label"], at_post["lon"]) == ("National Route 8 12 km", 136.63)
    for q in ("国道8号 30 km", "国道8号 14 km"):  # beyond the posts, and between two that are too far apart
        nothing = search(client, q)
        assert (nothing["n"], nothing["hint"]) == (0, "この位置の距離標は登録されていません。")


def test_nothing_is_an_answer_with_a_hint(client: httpx.Client) -> None:
    for lang in ("ja", "en"):
        found = search(client, "ぬりかべ", lang=lang)
        assert (found["n"], found["results"], found["addresses"], found["is_cut"]) == (0, [], "ok", False)
        assert found["hint"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/search", "q"), ("/search?q=", "q"), ("/search?q=%20%E3%80%80", "q"), ("/search?q=a%00b", "q"),
        (f"/search?q={'a' * 101}", "q"), ("/search?q=a&q=b", "q"), ("/search?q=a&lang=fr", "lang"),
        ("/search?q=a&limit=0", "limit"), ("/search?q=a&limit=x", "limit"), ("/search?q=a&near=1", "near"),
        ("/search?q=a&near=200,1", "near"), ("/search?q=a&near=nan,1", "near"), ("/search?q=a&colour=red", "colour"),
        ("/search/near", "at"), ("/search/near?at=1,2,3", "at"), ("/search/near?at=a,b", "at"),
        ("/search/near?at=136,36&q=a", "q"),
    ],
)  # fmt: skip
def test_a_problem_names_its_parameter(client: httpx.Client, path: str, name: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith(f"Parameter {name}:")


def test_an_answer_is_cached_by_what_it_says(client: httpx.Client) -> None:
    one = client.get("/search?q=本町&lang=ja")
    assert one.headers["cache-control"] == "public, max-age=60"
    again = client.get("/search?q=本町&lang=ja", headers={"If-None-Match": one.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/search?q=本町&lang=en").headers["etag"] != one.headers["etag"]


def test_an_answer_is_never_longer_than_5_kb_and_says_where_it_was_cut() -> None:
    long = Result("address", "住所", "町" * 60, "市" * 60, 136.65, 36.56, None, 3, 100.0)
    asked = Asked("町", "町", "ja", None, None)
    made = [document([long] * n, asked, Found(Told.OK), {"synthetic": True}) for n in (1, 20)]
    assert [answer["is_cut"] for answer in made] == [False, True]
    assert BYTES_MAX - 500 < len(compact(made[1])) <= BYTES_MAX
    assert made[1]["n"] == len(made[1]["results"]) < 20


def test_the_road_near_a_place(client: httpx.Client) -> None:
    answer = client.get("/search/near?at=136.6505,36.5622&lang=ja")
    assert answer.headers["cache-control"] == "no-store"
    (found,) = answer.json()["results"]
    assert (found["piece_id"], found["label"], found["detail"]) == (3, "本町通り", "金沢市")
    assert 0 < found["distance_m"] < 60
    far = client.get("/search/near?at=139.7,35.7&lang=en").json()
    assert (far["n"], far["results"]) == (0, [])
    assert "no road" in far["hint"]


def test_a_viaduct_is_not_the_street_below_it(client: httpx.Client) -> None:
    """At the fork piece 1 (the expressway) is nearer by some metres; beyond its reach it is what is near."""
    fork = client.get("/search/near?at=136.6202,36.56008").json()["results"][0]
    assert fork["piece_id"] == 2
    alone = client.get("/search/near?at=136.605,36.5525").json()["results"][0]
    assert alone["piece_id"] == 1


def test_what_is_made_up_says_so(client: httpx.Client) -> None:
    assert search(client, "本町")["synthetic"] is True


def ask(town: Database, settings: Settings, *questions: str) -> list[dict[str, Any]]:
    async def asked() -> list[dict[str, Any]]:
        async with Service(settings, town, clock=lambda: AS_OF).open() as service:
            return [await find(service, q) for q in questions]

    return asyncio.run(asked())


def test_without_a_dictionary_the_answer_says_so(town: Database, tmp_path: Path) -> None:
    nothing, route = ask(town, Settings(home=tmp_path), "ぬりかべ", "国道8号")
    assert (nothing["addresses"], nothing["n"]) == ("no_dictionary", 0)
    assert "辞書がありません" in nothing["hint"]
    assert (route["addresses"], route["results"][0]["label"], route["hint"]) == ("no_dictionary", "国道8号", None)
    assert list(tmp_path.iterdir()) == []  # and nothing was made in its place


def test_half_a_dictionary_is_none_and_stays_as_it_is(town: Database, dictionary: Path, tmp_path: Path) -> None:
    shutil.copytree(dictionary, tmp_path / "addresses")
    (tmp_path / "addresses" / "aza_master.sqlite").unlink()
    (found,) = ask(town, Settings(home=tmp_path), "金沢市本町")
    assert found["addresses"] == "no_dictionary"
    assert not (tmp_path / "addresses" / "aza_master.sqlite").exists()


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.iterdir()}


def test_a_search_writes_nothing(client: httpx.Client, dictionary: Path) -> None:
    before = digests(dictionary)
    for q in ("金沢市本町一丁目1番", "本", "高松", "999"):
        search(client, q)
    assert digests(dictionary) == before


@contextlib.contextmanager
def addresses(folder: Path, patience_s: float = 5.0) -> Iterator[tuple[Addresses, asyncio.Runner]]:
    with asyncio.Runner() as runner:
        made = Addresses(folder, patience_s)
        yield made, runner
        runner.run(made.close())


def test_a_new_dictionary_is_taken_with_the_next_question(tmp_path: Path) -> None:
    file, folder = tmp_path / "a.csv", tmp_path / "addresses"
    header, *rows = ADDRESSES.splitlines(keepends=True)
    with addresses(folder) as (found, runner):
        assert runner.run(found.find("かほく市高松", 5)) == Found(Told.NO_DICTIONARY)
        for text, n in ((header + "".join(rows[:4]), 0), (ADDRESSES, 1), (header + rows[0], 0)):
            file.write_text(text, encoding="utf-8")
            build_dictionary(read_gazetteer([file]), [file], folder)
            answer = runner.run(found.find("かほく市高松", 5))
            assert (answer.told, len([hit for hit in answer.hits if hit.name == "高松"])) == (Told.OK, n)
        shutil.rmtree(folder)
        assert runner.run(found.find("かほく市高松", 5)).told is Told.NO_DICTIONARY


def test_a_dictionary_that_fails_or_is_slow_leaves_the_rest(
    town: Database, dictionary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(dictionary, tmp_path / "addresses")
    broken = tmp_path / "addresses" / "address_node.sqlite"
    broken.chmod(0o644)
    broken.write_bytes(b"no database")
    failed, route = ask(town, Settings(home=tmp_path), "金沢市本町一丁目1番", "国道8号")
    assert failed["addresses"] == "failed"
    assert "住所を検索できませんでした" in failed["hint"]
    assert route["results"][0]["label"] == "国道8号"
    hasty = Settings(home=dictionary.parent, search=SearchSettings(patience_s=0.000001))
    (slow,) = ask(town, hasty, "国道8号")
    assert (slow["addresses"], slow["results"][0]["label"]) == ("too_slow", "国道8号")
    assert slow["hint"]
