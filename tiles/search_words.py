"""Words of the search in Japanese and English: kinds of what is found, and why nothing was."""

from __future__ import annotations

from collections.abc import Mapping

#: Names of the kinds of results.
KIND_NAMES: Mapping[str, tuple[str, str]] = {
    "address": ("住所", "Address"),
    "municipality": ("市町", "Municipality"),
    "settlement": ("集落", "Settlement"),
    "facility": ("施設", "Facility"),
    "place": ("地名", "Place"),
    "route": ("路線", "Route"),
    "road": ("道路", "Road"),
    "plough_route": ("除雪路線", "Plough route"),
    "work_section": ("工区", "Work section"),
    "bus_stop": ("バス停", "Bus stop"),
    "kilometre_post": ("距離標", "Kilometre post"),
    "location": ("現在地", "Your location"),
}
HINTS: Mapping[str, tuple[str, str]] = {
    "nothing": (
        "見つかりませんでした。短くするか、市町名から入力してください（例：金沢市本町、国道8号、県道22号）。",
        "Nothing was found. Try fewer letters, or begin with the municipality (e.g. 金沢市本町, Kanazawa, Route 8).",
    ),
    "no_dictionary": (
        "この地図には住所の辞書がありません。地名・道路名・路線番号で探してください。",
        "This map has no dictionary of addresses. Search by place, road name or route number.",
    ),
    "too_slow": (
        "住所の検索が混み合っています。もう一度お試しください。",
        "The search for addresses is busy. Please try again.",
    ),
    "failed": (
        "住所を検索できませんでした。地名・道路名・路線番号の結果のみです。",
        "Addresses could not be searched. Only places, roads and routes are shown.",
    ),
    "no_post": (
        "この位置の距離標は登録されていません。",
        "No kilometre post is known there.",
    ),
    "no_road_near": (
        "この場所の近くに、この地図の道路はありません。",
        "This map has no road near this place.",
    ),
}


def word(table: Mapping[str, tuple[str, str]], name: str, lang: str) -> str:
    """The word for a name in `ja` or `en`."""
    return table[name][lang == "en"]
