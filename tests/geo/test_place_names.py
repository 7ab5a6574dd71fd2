"""Names of places and roads: one key for all spellings, and what a route's name says."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.place_names import (
    VARIANTS,
    Bound,
    RouteKind,
    RouteRef,
    kanji_number,
    key_of,
    keys_of_place,
    parse_route,
    plain,
    route_text,
)

N, P, E = RouteKind.NATIONAL, RouteKind.PREFECTURAL, RouteKind.EXPRESSWAY


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("金沢市　大字 広坂１丁目", "金沢市廣坂一丁目"),
        ("霞ヶ関", "霞が関"),
        ("霞ケ関", "霞カ関"),
        ("一之宮", "一の宮"),
        ("ﾎﾝﾏﾁ", "ほんまち"),
        ("Ｋａｎａｚａｗａ", "kanazawa"),
        ("Tōyama", "TOYAMA"),
        ("本町・通り", "本町通り"),
        ("二十三丁目", "23丁目"),
        ("國道八號", "国道8号"),
        ("河北郡津幡町字清水", "河北郡津幡町清水"),
    ],
)
def test_spellings_of_one_name_have_one_key(one: str, other: str) -> None:
    assert key_of(one) == key_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("がけ", "かけ"),  # marks of kana count but between kanji
        ("十文字", "十文"),  # 字 is left out behind a municipality and at the begin alone
        ("一丁目", "二丁目"),
        ("三条", "三番"),
        ("千代", "1000代"),  # a number is one only where it counts something
        ("バス", "ハス"),
    ],
)
def test_other_names_have_other_keys(one: str, other: str) -> None:
    assert key_of(one) != key_of(other)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_a_key_is_a_key_of_itself_and_holds_no_break(text: str) -> None:
    key = key_of(text)
    assert "\n" not in key
    assert "\0" not in key or "\0" in text
    assert key_of(unicodedata.normalize("NFKC", text)) == key


def test_variants_are_pairs_of_one_character_each() -> None:
    assert all(old != new and new not in VARIANTS for old, new in VARIANTS.items())
    assert plain("ガ") == "ガ"


@pytest.mark.parametrize(
    ("text", "number"),
    [("八", 8), ("十", 10), ("十二", 12), ("二十三", 23), ("百五", 105), ("一〇", 10)],
)
def test_numbers_in_kanji(text: str, number: int) -> None:
    assert kanji_number(text) == number


@pytest.mark.parametrize(
    ("text", "ref"),
    [
        ("国道8号", RouteRef(N, 8)),
        ("国道８号線", RouteRef(N, 8)),
        ("国道八号", RouteRef(N, 8)),
        ("一般国道 157 号", RouteRef(N, 157)),
        ("R8", RouteRef(N, 8)),
        ("ｒ　８", RouteRef(N, 8)),
        ("Route 8", RouteRef(N, 8)),
        ("National Route 8", RouteRef(N, 8)),
        ("県道22号", RouteRef(P, 22)),
        ("石川県道22号線", RouteRef(P, 22)),
        ("主要地方道22号", RouteRef(P, 22)),
        ("Prefectural road 22", RouteRef(P, 22)),
        ("市道3号線", RouteRef(RouteKind.MUNICIPAL, 3)),
        ("E8", RouteRef(E, 8)),
        ("8号", RouteRef(None, 8)),
        ("8", RouteRef(None, 8)),
        ("国道8号バイパス", RouteRef(N, 8, rest="バイパス")),
        ("国道8号 下り", RouteRef(N, 8, Bound.DOWN)),
        ("国道8号上り線", RouteRef(N, 8, Bound.UP)),
        ("国道8号 12.3 km", RouteRef(N, 8, km=12.3)),
        ("R8 KP12.3", RouteRef(N, 8, km=12.3)),
        ("8号 12k300", RouteRef(None, 8, km=12.3)),
        ("国道8号 下り 12.3キロポスト", RouteRef(N, 8, Bound.DOWN, 12.3)),
        ("国道157号 5km 上り", RouteRef(N, 157, Bound.UP, 5.0)),
    ],
)
def test_what_a_text_says_of_a_route(text: str, ref: RouteRef) -> None:
    assert parse_route(text) == ref


@pytest.mark.parametrize("text", ["", "金沢市", "国道", "8番館", "8号館", "12345", "主要地方道金沢小松線", "R"])
def test_what_is_no_route(text: str) -> None:
    assert parse_route(text) is None


@given(st.text(max_size=60))
def test_any_text_may_be_asked(text: str) -> None:
    found = parse_route(text)
    assert found is None or found.number < 10_000


def test_a_route_is_written_in_both_languages_and_read_again() -> None:
    for kind in RouteKind:
        for lang in ("ja", "en"):
            text = route_text(kind, 8, lang)
            assert "8" in text
            if kind is not RouteKind.MUNICIPAL and (kind, lang) != (E, "en"):
                assert parse_route(text) == RouteRef(kind, 8)


def test_a_municipality_is_found_with_and_without_its_ending() -> None:
    keys = keys_of_place("金沢市", "Kanazawa", is_municipality=True)
    assert {"金沢市", "金沢", "kanazawa", "kanazawashi", "kanazawacity"} == set(keys)
    assert keys_of_place("本町", "Hommachi", is_municipality=False) == ["本町", "hommachi"]
    assert keys_of_place("津市", None, is_municipality=True) == ["津市"]  # one letter alone says too little
