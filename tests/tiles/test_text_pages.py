"""The text pages: they say what the summary and the card say, hold no script, and stay small and well-formed."""

from __future__ import annotations

import html
import itertools
import re
from datetime import timedelta
from html.parser import HTMLParser
from urllib.parse import quote

import brotli
import psycopg
import pytest

from tests.tiles.conftest import AS_OF, Served
from tiles.text_words import WORDS

KANAZAWA = "areas/17201"
ROUTE = f"{KANAZAWA}/road?route={quote('国道8号')}"
PAGES = ["", KANAZAWA, ROUTE, f"{KANAZAWA}/road?name={quote('本町通り')}", f"{KANAZAWA}/road", "roads/2", "roads/4"]
LARGEST_BYTES = 30_000
VOID = {"meta", "link", "input", "br", "img"}


class Reader(HTMLParser):
    """Checks that elements close in order, and gathers what a reader needs."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(served: Served, path: str, status: int = 200) -> Reader:
    answer = served.client.get(path)
    assert answer.status_code == status, path
    reader = Reader()
    reader.feed(answer.text)
    assert reader.open == []
    return reader


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_whole_small_and_without_a_script(first: Served, page: str, language: str) -> None:
    answer = first.client.get(f"/text/{language}/{page}")
    assert len(brotli.compress(answer.content, quality=4)) < LARGEST_BYTES
    policy = answer.headers["Content-Security-Policy"]
    assert "script" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Content-Language"] == language
    reader = read(first, f"/text/{language}/{page}")
    tags = [tag for tag, _ in reader.seen]
    assert (tags.count("h1"), tags.count("main"), tags.count("script")) == (1, 1, 0)
    assert dict(reader.seen)["html"]["lang"] == language
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in reader.seen if tag == "th")
    assert not any(
        "style" in attributes or any(name.startswith("on") for name in attributes) for _, attributes in reader.seen
    )
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(deeper - level <= 1 for level, deeper in itertools.pairwise(levels))
    for tag, attributes in reader.seen:
        if tag == "a" and (attributes["href"] or "").startswith("/text/"):
            assert first.client.get(str(attributes["href"])).status_code == 200, attributes["href"]
    assert "合成データ" in answer.text if language == "ja" else "Synthetic data" in answer.text


def test_the_pages_say_what_the_summary_says(first: Served) -> None:
    words = first.client.get("/status/summary?lang=ja").json()["areas"]
    text = "".join(read(first, "/text/ja/").text)
    assert words[0]["words"] in text
    assert words[1]["words"] in "".join(read(first, f"/text/ja/{KANAZAWA}").text)
    assert "07:30 まで有効です" in text  # the next clearing runs out then
    answer = first.client.get("/text/ja/")
    assert answer.headers["Cache-Control"] == first.client.get("/status/summary").headers["Cache-Control"]
    known = first.client.get("/text/ja/", headers={"If-None-Match": answer.headers["ETag"]})
    assert known.status_code == 304


def test_a_road_says_each_direction_with_its_time_or_its_reason(first: Served) -> None:
    text = "".join(read(first, f"/text/ja/{ROUTE}").text)
    assert re.search(r"東向き: 除雪完了 06:00（1時間0分前）\s*西向き: 未除雪", text)
    assert "片側のみ除雪完了です。" in text
    assert "本町付近" in text
    street = "".join(read(first, f"/text/en/{KANAZAWA}/road?name={quote('本町通り')}").text)
    assert "Cleared 04:00 (3 h 0 min ago)" in street
    assert "Unknown (a machine that is assigned here has stopped reporting)" in street
    assert "near Hommachi" in street
    unnamed = "".join(read(first, f"/text/ja/{KANAZAWA}/road").text)
    assert "除雪計画の対象外" in unnamed


def test_cleared_turns_unknown_on_the_pages_at_its_time(first: Served) -> None:
    first.clock.at = AS_OF + timedelta(minutes=31)
    street = "".join(read(first, f"/text/ja/{KANAZAWA}/road?name={quote('本町通り')}").text)
    assert "除雪完了 04:00" not in street
    assert "不明（除雪から時間が経過し現状を保証できない）" in street
    assert "除雪完了 0 %" in "".join(read(first, f"/text/ja/{KANAZAWA}").text)


def test_a_piece_says_what_its_card_says(first: Served) -> None:
    card = first.client.get("/status/road/2?lang=ja").json()
    text = "".join(read(first, "/text/ja/roads/2").text)
    for side in card["directions"]:
        for words in (side["heading"], side["state_words"], side["work_basis_words"], side["target"]["words"]):
            assert words["ja"] in text
    links = [attributes["href"] for tag, attributes in read(first, "/text/ja/roads/2").seen if tag == "a"]
    assert "/status/road/2?lang=ja" in links
    assert any(str(link).startswith("/?lang=ja#map=15/36.5") and str(link).endswith("&road=2") for link in links)


def test_the_search_answers_in_words_and_refuses_politely(first: Served) -> None:
    text = "".join(read(first, f"/text/ja/search?q={quote('国道8号')}").text)
    assert "「国道8号」の検索結果" in text
    hits = [
        a["href"] for tag, a in read(first, f"/text/ja/search?q={quote('国道8号')}").seen if tag == "a" and a["href"]
    ]
    assert "/text/ja/roads/2" in hits
    assert "探す言葉を入れてください。" in "".join(read(first, "/text/ja/search").text)
    assert "見つかりませんでした。" in "".join(read(first, f"/text/ja/search?q={quote('どこにもない名')}").text)
    evil = '"><script>alert(1)</script>'
    page = first.client.get("/text/ja/search", params={"q": evil}).text
    assert "<script" not in page
    assert html.escape(evil) in page
    assert first.client.get("/text/ja/search", params={"q": "あ" * 500}).status_code == 200


def test_languages_refusals_and_pages_that_are_not_there(first: Served) -> None:
    sent_on = first.client.get("/text/", headers={"Accept-Language": "en"})
    assert (sent_on.status_code, sent_on.headers["Location"]) == (307, "/text/en/")
    searched = first.client.get("/text/search", params={"q": "金沢"}, headers={"Accept-Language": "ja"})
    assert searched.headers["Location"] == f"/text/ja/search?q={quote('金沢')}"
    assert first.client.get("/text/fr/").status_code == 404
    for path in ("areas/none", "areas/99", f"{KANAZAWA}/road?name=x", "roads/99", "roads/x", f"{KANAZAWA}?page=9"):
        reader = read(first, f"/text/en/{path}", 404)
        assert "Not found" in "".join(reader.text)
    for bad, name in ((f"{KANAZAWA}?page=0", "page"), ("?x=1", "x")):
        refused = first.client.get(f"/text/ja/{bad}")
        assert refused.status_code == 400
        assert name in refused.json()["detail"]


def test_without_the_database_a_page_says_so_in_words(first: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    read(first, "/text/ja/")

    def away(*_: object) -> None:
        raise psycopg.OperationalError("it is away")

    monkeypatch.setattr(first.service, "connection", away)
    monkeypatch.setattr(first.service, "look", away)
    first.service.stale_since = AS_OF
    assert "データベースに接続できません。07:00 時点の情報です。" in "".join(read(first, "/text/ja/").text)
    answer = first.client.get(f"/text/ja/{ROUTE}")
    assert answer.status_code == 503
    assert "いまは表示できません" in answer.text
    assert answer.headers["Retry-After"] == "5"


def test_both_languages_have_the_same_words_and_gaps() -> None:
    assert WORDS["ja"].keys() == WORDS["en"].keys()
    for key, text in WORDS["ja"].items():
        assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", WORDS["en"][key])), key
