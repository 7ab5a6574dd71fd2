"""The summary: its sums against a plain reading of the collection, what ages by itself, words, tags, refusals."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
import pytest

from geo.vocabulary import State
from tests.tiles.conftest import AS_OF, Served
from tiles.states import NO_MOMENT, REASONS, STATES, Records
from tiles.summary_numbers import Area, Ground, tally
from tiles.summary_words import clock, details, percents, sentence

NOW_S = 1_800_000_000
HOUR = 3600


def by_hand(served: Served) -> dict[str, float]:
    """Kilometres by state, the plainest way: every planned edge of the collection, half of it where both are open."""
    found = served.client.get("/ogc/collections/roads/items").json()["features"]
    roads = {one["id"]: one["properties"] for one in found}
    km = dict.fromkeys(STATES, 0.0)
    for one in served.client.get("/ogc/collections/road_status/items").json()["features"]:
        road = roads[one["id"]]
        if road["route_id"] or road["section_id"]:
            km[one["properties"]["state"]] += road["length_m"] / 1000 * (1.0 if road["is_oneway"] else 0.5)
    return km


@pytest.mark.parametrize(
    "after", [timedelta(), timedelta(minutes=29), timedelta(minutes=31), timedelta(hours=23, minutes=1)]
)
def test_kilometres_are_those_of_the_collection_at_every_moment(first: Served, after: timedelta) -> None:
    first.clock.at = AS_OF + after
    told = first.client.get("/status/summary").json()
    whole, town = told["areas"]
    assert (whole["id"], town["id"], town["name"], town["name_en"]) == ("", "17201", "金沢市", "Kanazawa")
    wanted = by_hand(first)
    assert sum(wanted.values()) > 3
    for area in (whole, town):
        assert area["km"] == pytest.approx(wanted, abs=2e-3)
        assert sum(area["reasons"].values()) == pytest.approx(area["km"]["unknown"], abs=2e-3)
        assert area["off_plan_km"] > 3  # the expressway and the lane
    assert told["synthetic"] is True


def test_it_says_when_it_changes_by_itself_and_does(first: Served) -> None:
    told = first.client.get("/status/summary").json()
    assert told["valid_until"] == "2026-01-14T22:30:00Z"
    whole = told["areas"][0]
    ends = [(datetime.fromtimestamp(at, UTC).isoformat(), km) for at, km in whole["cleared_ends"]]
    assert [at for at, _ in ends] == ["2026-01-14T22:30:00+00:00", "2026-01-15T21:00:00+00:00"]
    assert sum(km for _, km in ends) == pytest.approx(whole["km"]["cleared"], abs=2e-3)
    assert whole["oldest_cleared_at"] == "2026-01-14T19:00:00Z"
    first.clock.at = AS_OF + timedelta(minutes=30)
    later = first.client.get("/status/summary").json()
    assert later["valid_until"] == "2026-01-15T21:00:00Z"
    assert later["areas"][0]["km"]["cleared"] == pytest.approx(ends[1][1], abs=2e-3)
    assert later["areas"][0]["reasons"]["expired"] == pytest.approx(ends[0][1], abs=2e-3)


def test_tags_languages_and_refusals(first: Served) -> None:
    answer = first.client.get("/status/summary")
    again = first.client.get("/status/summary", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Last-Modified"] == answer.headers["Last-Modified"] == "Wed, 14 Jan 2026 22:00:00 GMT"
    words = first.client.get("/status/summary?lang=ja").json()["areas"]
    assert words[1]["words"].startswith("金沢市：除雪完了 ")
    assert words[1]["words"].endswith("（07:00 現在）")
    assert first.client.get("/status/summary?lang=en").json()["areas"][0]["words"].startswith("Whole area: cleared ")
    for bad in ("lang=fr", "at=now"):
        refused = first.client.get(f"/status/summary?{bad}")
        assert refused.status_code == 400
        assert bad.split("=")[0] in refused.json()["detail"]
    for encoding in ("br", "gzip", "identity"):
        packed = first.client.get("/status/summary", headers={"Accept-Encoding": encoding})
        assert packed.headers.get("Content-Encoding", "identity") == encoding
        assert packed.json() == answer.json()


def test_no_cache_may_tell_it_beyond_the_moment_at_which_it_changes(first: Served) -> None:
    def stale_s(after: timedelta) -> int:
        first.clock.at = AS_OF + after
        control = first.client.get("/status/summary").headers["Cache-Control"]
        return int(control.rpartition("=")[2])

    assert stale_s(timedelta()) == 600
    assert stale_s(timedelta(minutes=28)) == 120
    assert stale_s(timedelta(minutes=29, seconds=59)) <= 1


def test_while_the_database_is_away_it_goes_on_and_clearings_run_out(
    first: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = first.client.get("/status/summary").json()

    def away(*_: object) -> None:
        raise psycopg.OperationalError("it is away")

    monkeypatch.setattr(first.service, "connection", away)
    monkeypatch.setattr(first.service, "look", away)
    first.service.stale_since = AS_OF
    first.clock.at = AS_OF + timedelta(minutes=31)
    answer = first.client.get("/status/summary")
    assert "stale since" in answer.headers["Cache-Status"]
    assert answer.json()["areas"][0]["km"]["cleared"] < before["areas"][0]["km"]["cleared"]
    assert answer.json()["areas"][0]["reasons"]["expired"] > 0


def some_records(rng: random.Random, n: int) -> Records:
    """Random states with times that fit them and some that do not."""
    state = np.array([rng.randrange(len(STATES)) for _ in range(n)], np.int16)
    times = [
        np.array(
            [rng.choice([NO_MOMENT, NOW_S + rng.randrange(-30, 3) * HOUR + rng.randrange(HOUR)]) for _ in range(n)]
        )
        for _ in range(2)
    ]
    valid = np.array([rng.choice([NO_MOMENT, NOW_S + rng.randrange(-3 * HOUR, 9 * HOUR)]) for _ in range(n)])
    reason = np.array([rng.randrange(len(REASONS)) for _ in range(n)], np.int16)
    return Records(state, reason, times[0], valid, times[1], np.zeros(n, np.int16))


def shown_state(told: Records, i: int, at_s: int) -> str:
    """What a client shows of one edge at a moment, written out (web/js/status/classify.js)."""
    state = STATES[told.state[i]]
    valid = None if told.valid[i] == NO_MOMENT else told.valid[i]
    is_over = valid is not None and at_s >= valid
    if state == State.CLEARED and (is_over or told.cleared[i] == NO_MOMENT or at_s - told.cleared[i] >= 24 * HOUR):
        return "unknown"
    is_heard = told.observed[i] != NO_MOMENT and at_s - told.observed[i] < HOUR
    if state == State.CLEARING and (is_over or not is_heard):
        return "unknown"
    return state


@pytest.mark.parametrize("seed", range(4))
def test_sums_and_their_ends_are_what_a_client_would_count(seed: int) -> None:
    rng = random.Random(seed)
    n = 300
    told = some_records(rng, n)
    areas = (Area("1", "甲", None), Area("2", "乙", "Two"))
    ground = Ground(
        areas, np.array([rng.randrange(-1, 2) for _ in range(n)], np.int16), np.array([rng.random() for _ in range(n)]),
        np.array([rng.random() < 0.8 for _ in range(n)]),
    )  # fmt: skip
    found, end_s = tally(ground, told, NOW_S)
    for later_s in (0, 300, 2 * HOUR, 9 * HOUR, 40 * HOUR):
        for number, numbers in enumerate(found, -1):
            wanted = dict.fromkeys(STATES, 0.0)
            for i in range(n):
                if ground.is_planned[i] and number in (-1, ground.area[i]):
                    wanted[shown_state(told, i, NOW_S + later_s)] += ground.km[i]
            km = dict(numbers.km)
            for state, ends in (("cleared", numbers.cleared_ends), ("clearing", numbers.clearing_ends)):
                gone = sum(length for at, length in ends if at <= NOW_S + later_s)
                km[state] -= gone
                km["unknown"] += gone
            if later_s <= 2 * HOUR - 300 or later_s >= 30 * HOUR:
                assert km == pytest.approx(wanted, abs=1e-6)
            for good in ("cleared", "clearing"):  # far ends are rounded down: never better than the truth
                assert km[good] <= wanted[good] + 1e-6
    ends = [at for one in found[:1] for at, _ in (*one.cleared_ends, *one.clearing_ends)]
    assert end_s is not None
    assert min(ends) <= end_s


SHARES: list[tuple[dict[str, float], dict[str, int] | None]] = [
    ({"cleared": 62.9, "clearing": 4.2, "uncleared": 20.4, "unknown": 12.5},
     {"cleared": 62, "clearing": 4, "uncleared": 20, "unknown": 14}),
    ({"cleared": 99.99, "clearing": 0, "uncleared": 0.01, "unknown": 0},
     {"cleared": 99, "clearing": 0, "uncleared": 1, "unknown": 0}),
    ({"cleared": 1, "clearing": 1, "uncleared": 1, "unknown": 0},
     {"cleared": 33, "clearing": 33, "uncleared": 34, "unknown": 0}),
    ({"cleared": 3, "clearing": 0, "uncleared": 0, "unknown": 0},
     {"cleared": 100, "clearing": 0, "uncleared": 0, "unknown": 0}),
    ({"cleared": 0, "clearing": 0, "uncleared": 0, "unknown": 0.001},
     {"cleared": 0, "clearing": 0, "uncleared": 0, "unknown": 100}),
    ({"cleared": 0, "clearing": 0, "uncleared": 0, "unknown": 0}, None),
]  # fmt: skip


@pytest.mark.parametrize(("km", "wanted"), SHARES)
def test_percent_add_up_and_never_flatter(km: dict[str, float], wanted: dict[str, int] | None) -> None:
    assert percents(km) == wanted


def area(**more: Any) -> dict[str, Any]:
    return {
        "id": "17201", "name": "金沢市", "name_en": "Kanazawa", "off_plan_km": 5.25, "reasons": {"silent": 12.5},
        "km": {"cleared": 62.9, "clearing": 4.2, "uncleared": 20.4, "unknown": 12.5}, "snow": None,
        "median_cleared_at": "2026-01-14T20:10:00Z", "oldest_observed_at": None,
    } | more  # fmt: skip


def test_words_say_the_unknown_with_its_reason_and_missing_snow_as_missing() -> None:
    assert sentence(area(), AS_OF, AS_OF, "Asia/Tokyo", "ja") == (
        "金沢市：除雪完了 62 %、除雪中 4 %、未除雪 20 %、不明 14 %（07:00 現在）"
    )
    assert sentence(area(), AS_OF, AS_OF, "Asia/Tokyo", "en") == (
        "Kanazawa: cleared 62%, being cleared 4%, not cleared 20%, unknown 14% (as of 07:00)"
    )
    said = " ".join(details(area(), AS_OF, AS_OF, "ja"))
    for words in (
        "100 km に対する割合",
        "不明の理由：",
        "12 km",
        "1時間50分前",
        "観測がなく、分かりません",
        "5.2 km は除雪計画の対象外",
    ):
        assert words in said, words
    snowed = details(area(snow={"since_cm": 7.6, "basis": "partial"}), AS_OF, AS_OF, "en")
    assert "Snow since it began: at least 8 cm (observations are missing)." in snowed
    assert clock(AS_OF, AS_OF + timedelta(days=2), "Asia/Tokyo", "ja") == "1/15 07:00"
    assert clock(AS_OF, AS_OF + timedelta(days=2), "Asia/Tokyo", "en") == "15 Jan 07:00"
