"""The accuracy page: rates with Wilson's interval, counts that nobody can be told from, freshness by the hour."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from math import comb
from typing import Any

import pytest

from geo.db import Role
from geo.settings import Settings
from layers.columns_disputes import StateSeen
from tests.served_town import AS_OF, publish_town, serving
from tests.tiles.disputes_town import Town, give_keys
from tiles.accuracy_figures import AGES, STATES, K, banded, figures, weeks_of, wilson
from tiles.accuracy_words import WORDS
from tiles.service import Service
from yukimichi.cluster import Cluster
from yukimichi.server import create_app

TODAY = date(2026, 1, 15)  # a Thursday
MONDAY = date(2026, 1, 12)


def row(n: int, decision: str | None, *, week: date = MONDAY, seen: str = "uncleared") -> dict[str, Any]:
    return {"week": week, "state_seen": seen, "decision": decision, "n": n, "synthetic": False}


def test_the_interval_is_wilsons() -> None:
    """Values of Newcombe, Stat. Med. 17 (1998), table I, method 3; and the ends of an empty and a full share."""
    for n_hits, n, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert wilson(n_hits, n) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
    assert wilson(20, 20)[1] == 1.0
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_interval_holds_what_it_says() -> None:
    """A naive oracle: over all outcomes of a binomial of known share, the interval holds it in about 95 of 100."""
    for n, share in ((40, 0.2), (100, 0.5), (200, 0.1)):
        held = sum(
            comb(n, k) * share**k * (1 - share) ** (n - k)
            for k in range(n + 1)
            if wilson(k, n)[0] <= share <= wilson(k, n)[1]
        )
        assert 0.92 < held < 0.98


def test_few_are_never_counted_and_never_worked_out_from_the_others() -> None:
    assert banded([0, 4, 5, 90]) == [None, None, 5, 90]
    assert banded([3, 50, 7]) == [None, 50, None]  # the sum would tell the 3, so the 7 goes along
    assert banded([3]) == [None]
    assert banded([5, 6]) == [5, 6]
    rng = random.Random(3)
    for _ in range(500):
        counts = [rng.choice((0, 1, 4, 5, 9, 80)) for _ in range(rng.randrange(2, 7))]
        told = banded(counts)
        hidden = [count for count, said in zip(counts, told, strict=True) if said is None]
        assert all(said is None or said == count >= K for count, said in zip(counts, told, strict=True))
        assert len(hidden) != 1
        assert not any(count < K for count, said in zip(counts, told, strict=True) if said is not None)


def test_a_week_by_hand() -> None:
    """30 accepted, 60 rejected, 10 unclear: 30 %; duplicates and what waits do not count."""
    rows = [row(30, "accepted"), row(60, "rejected"), row(10, "unclear"), row(25, "duplicate"), row(7, None)]
    rows += [row(9, "accepted", week=MONDAY - timedelta(weeks=90))]  # long ago
    hours = [
        {"week": MONDAY, "n_hours": 60, "n_event_hours": 40, "told_edge_hours": 2_000_000, "planned_m": 1000.0,
         "cleared_m": 400.0, "clearing_m": 50.0, "uncleared_m": 250.0, "unknown_m": 300.0, "under_1h_m": 100.0,
         "under_3h_m": 200.0, "under_6h_m": 300.0, "under_12h_m": 150.0, "older_m": 50.0, "none_m": 200.0,
         "synthetic": True}
    ]  # fmt: skip
    told = figures(TODAY, 12, rows, hours)
    assert [week["week"] for week in told["weeks"]] == [day.isoformat() for day in weeks_of(TODAY, 12)]
    week = told["weeks"][-1]
    assert (week["week"], week["is_running"]) == ("2026-01-12", True)
    assert (week["reports"], week["decided"], week["accepted"]) == (132, 100, 30)
    low, high = wilson(30, 100)
    assert (week["rate"], week["rate_low"], week["rate_high"]) == (0.3, round(low, 4), round(high, 4))
    assert week["accepted_per_100000_edge_hours"] == 1.5
    assert week["states"] == {"cleared": 0.4, "clearing": 0.05, "uncleared": 0.25, "unknown": 0.3}
    assert sum(week["evidence_age"].values()) == pytest.approx(1.0)
    assert told["all_weeks"]["accepted"] == 30
    assert told["synthetic"] is True
    before = told["weeks"][-2]
    assert (before["reports"], before["rate"], before["states"], before["hours"]) == (None, None, None, 0)


def test_a_rate_that_would_tell_few_is_only_bounded() -> None:
    week = figures(TODAY, 1, [row(3, "accepted"), row(37, "rejected")], [])["weeks"][0]
    assert (week["accepted"], week["rate"], week["rate_low"], week["rate_at_most"]) == (None, None, None, 0.1)
    few = figures(TODAY, 1, [row(4, "accepted")], [])["weeks"][0]
    assert (few["reports"], few["decided"], few["rate"], few["rate_at_most"]) == (None, None, None, None)


def test_what_was_seen_tells_no_count_by_the_others() -> None:
    rows = [
        row(2, "accepted", seen="other"),
        row(40, "accepted", seen="uncleared"),
        row(12, "rejected", seen="cleared"),
    ]
    told = {part["state_seen"]: part for part in figures(TODAY, 1, rows, [])["by_state_seen"]}
    assert list(told) == [word.value for word in StateSeen]
    assert told["uncleared"]["reports"] == 40
    assert told["other"]["reports"] is None
    assert told["other"]["rate"] is None


@pytest.fixture(scope="module")
def town(cluster: Cluster) -> Iterator[Town]:
    """The small town with a hundred reports of last week, served; the hour of AS_OF is looked at when it starts."""
    cluster.create_database("accuracy", "template_yuki")
    database = cluster.database("accuracy")
    try:
        publish_town(database)
        give_keys(database)
        app = create_app(Settings(), database, Service(Settings(), database, clock=lambda: AS_OF))
        with serving(app) as address:
            yield Town(database, address)
    finally:
        cluster.drop_database("accuracy")


def test_the_hour_is_looked_at_once_and_adds_up(town: Town) -> None:
    deadline = datetime.now(UTC) + timedelta(seconds=20)
    while (
        not (hours := town.rows("SELECT row_to_json(h) FROM app.accuracy_hour AS h")) and datetime.now(UTC) < deadline
    ):
        pass
    ((hour,),) = hours
    assert hour["at"] == "2026-01-14T22:00:00+00:00"
    assert (hour["has_event"], hour["n_edges"], hour["n_told"], hour["synthetic"]) == (True, 4, 3, True)
    sums = town.rows(
        "SELECT s.state, sum(r.length_m) FROM pub.edge_status AS s JOIN pub.roads AS r USING (edge_id) "
        "WHERE r.route_id IS NOT NULL OR r.section_id IS NOT NULL GROUP BY 1"
    )
    for state, metres in sums:
        assert hour[f"{state}_m"] == pytest.approx(metres), state
    assert sum(hour[f"{name}_m"] for name in STATES) == pytest.approx(hour["planned_m"])
    assert sum(hour[f"{name}_m"] for name in AGES) == pytest.approx(hour["planned_m"])
    assert hour["under_1h_m"] == pytest.approx(town.rows("SELECT length_m FROM pub.roads WHERE edge_id = 4")[0][0])


def _fill(town: Town) -> None:
    """A hundred reports of 本町通り: 60 accepted, 40 rejected; and one of a lane that nobody else reported."""
    number = town.send(edge_id=6, comment="canary-comment").json()["number"]
    with town.database.connect(Role.OWNER) as connection:
        connection.execute(
            "INSERT INTO app.dispute SELECT (jsonb_populate_record(d, jsonb_build_object('dispute_id', 20000000 + n, "
            "'token_sha256', '\\x' || encode(sha256(n::text::bytea), 'hex')))).* "
            "FROM app.dispute AS d, generate_series(1, 99) AS n WHERE d.dispute_id = %s",
            (number,),
        )
        connection.execute(
            "INSERT INTO app.dispute_decision (dispute_id, decision, reason, decided_at, decided_by) "
            "SELECT dispute_id, CASE WHEN row_number() OVER () <= 60 THEN 'accepted' ELSE 'rejected' END, "
            "'canary-why', now(), 'canary-who' FROM app.dispute"
        )


def test_the_page_and_its_data_tell_the_same_and_no_street(town: Town) -> None:
    _fill(town)
    app = create_app(Settings(), town.database, Service(Settings(), town.database, clock=lambda: AS_OF))
    with serving(app) as address, Town(town.database, address).client() as client:
        document = client.get("/accuracy.json")
        week = document.json()["weeks"][-1]
        assert (week["reports"], week["decided"], week["accepted"], week["rate"]) == (100, 100, 60, 0.6)
        assert week["told_edge_hours"] == 3
        pages = {lang: client.get("/accuracy", params={"lang": lang}) for lang in WORDS}
        for lang, page in pages.items():
            assert page.status_code == 200
            assert "60.0 %" in page.text
            assert WORDS[lang]["how"] in page.text
            assert WORDS[lang]["few"] in page.text
            assert len(re.findall('<svg[^>]* role="img" aria-labelledby', page.text)) == 2
            assert "style=" not in page.text
            assert "<script" not in page.text
            assert page.headers["content-security-policy"].startswith("default-src 'none'")
        for text in (document.text, *(page.text for page in pages.values())):
            assert not re.search("canary|本町|edge_id|2026-01-14T2[0-9]:[0-5][1-9]", text)
        known = client.get("/accuracy.json", headers={"If-None-Match": document.headers["etag"]})
        assert known.status_code == 304
        assert document.headers["cache-control"] == "public, max-age=60"
        for address_of in ("/accuracy?x=1", "/accuracy.json?lang=ja", "/accuracy?lang=fr"):
            assert client.get(address_of).status_code == 400
