"""One edge in full: against the collection, in words, with its passes, and never which machine."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from geo.db import Database, Role
from geo.settings_coverage import CoverageSettings
from geo.vocabulary import Reason, Restriction, State, Treatment, WorkBasis
from tiles.edge_answer import EdgeAnswer, is_evidence, shared
from tiles.edge_words import BASIS_EN, REASON_EN, RESTRICTION_EN, STATE_EN, TREATMENT_EN, sentences, why

AS_OF = datetime(2026, 1, 14, 22, 0, tzinfo=UTC)
ZONE = "Asia/Tokyo"
TOLD: dict[str, Any] = {
    "edge_id": 4, "state": "cleared", "reason": "none", "cleared_at": datetime(2026, 1, 14, 21, 10, tzinfo=UTC),
    "snow_since_cm": 4.2, "snow_basis": "observed", "covered_fraction": 1.0, "passed_fraction": 1.0, "passes_needed": 1,
    "is_corrected": False, "work_basis": "sensed", "confidence": 0.97, "other_side": "cleared", "restriction": None,
    "reference_at": datetime(2026, 1, 14, 18, 0, tzinfo=UTC),
}  # fmt: skip


def said(language: Any, **changed: Any) -> str:
    return " ".join(sentences(TOLD | changed, ZONE, language))


@pytest.mark.parametrize("edge_id", [2, 4, 5, 6, 7, 9])
def test_the_answer_says_what_the_collection_says(client: httpx.Client, edge_id: int) -> None:
    answer = client.get(f"/status/edges/{edge_id}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=2"
    found = answer.json()
    told = client.get(f"/ogc/collections/road_status/items/{edge_id}").json()["properties"]
    for name in set(found) & set(told) - {"other_side"}:
        one, other = found[name], told[name]
        if name.endswith("_at") or name in ("valid_until", "as_of"):
            one, other = (None if t is None else datetime.fromisoformat(t) for t in (one, other))
        assert one == other, name
    assert (found["other_side"] or {}).get("state") == told["other_side"]
    assert EdgeAnswer.model_validate(found)


def test_a_cleared_edge_tells_since_when_by_which_passes_how_sure_and_what_fell_since(client: httpx.Client) -> None:
    found = client.get("/status/edges/4").json()
    assert found["words"]["ja"].startswith(
        "1月15日06:00に除雪完了。その後の降雪は分からない（観測なし）。確からしさ97 %（センサ）。"
    )
    assert found["words"]["en"].startswith(
        "Cleared at 06:00 on 15 January. How much snow has fallen since is not known"
    )
    assert found["why_unknown"] is None
    assert found["other_side"] == {"edge_id": 5, "state": "uncleared", "state_ja": "未除雪"}
    assert "片側のみ除雪完了。反対方向は未除雪。" in found["words"]["ja"]
    assert found["plough_route"] == {
        "id": "R1", "name": "国道8号 金沢", "manager": "nation", "route_class": "第1種", "target_at": "07:00",
    }  # fmt: skip
    assert found["work_section"] is None
    (one,) = found["passes"]
    assert one["confidence"] == 0.9
    assert (one["direction"], one["kind"], one["treatment"]) == ("forward", "pass", "fresh_snow_plowing")
    assert (one["started_at"], one["ended_at"]) == ("2026-01-14T20:50:00Z", "2026-01-14T21:00:00Z")


def test_an_unknown_edge_says_why(client: httpx.Client) -> None:
    found = client.get("/status/edges/7").json()
    assert (found["state"], found["reason"]) == ("unknown", "silent")
    assert found["why_unknown"]["ja"] == Reason.SILENT.ja + "。"
    assert found["why_unknown"]["en"] == "A machine that is assigned here has stopped reporting."
    assert found["words"]["ja"].startswith(f"不明：{Reason.SILENT.ja}。")
    assert found["work_section"] == {"id": "S1", "name": "本町工区", "manager": "municipality", "route_class": None,
                                     "target_at": None}  # fmt: skip


def test_a_clearing_that_ran_out_is_unknown_in_words_too(client: httpx.Client, clock: Any) -> None:
    clock.at = AS_OF + timedelta(minutes=31)
    found = client.get("/status/edges/6").json()
    assert (found["state"], found["reason"]) == ("unknown", "expired")
    assert found["words"]["ja"].startswith(f"不明：{Reason.EXPIRED.ja}。最後の除雪完了は1月15日04:00。")


def test_snow_since_is_of_the_cell_and_a_lower_bound_says_so(client: httpx.Client, town: Database) -> None:
    with town.connect(Role.PUBLISH) as connection:
        connection.execute(
            "UPDATE pub.edge_status SET snow_cell = (SELECT min(cell) FROM pub.snow_cell), snow_at_clearing_cm = 8.3 "
            "WHERE edge_id = 4"
        )
    found = client.get("/status/edges/4").json()
    assert (found["snow_since_cm"], found["snow_basis"]) == (4.2, "partial")
    assert "その後の降雪は少なくとも4 cm。" in found["words"]["ja"]
    assert "At least 4 cm of snow since." in found["words"]["en"]
    with town.connect(Role.PUBLISH) as connection:
        connection.execute("UPDATE pub.snow_cell SET total_cm = NULL, basis = 'missing'")
    found = client.get("/status/edges/4").json()
    assert (found["snow_since_cm"], found["snow_basis"]) == (None, "missing")


def test_snow_of_another_event_is_not_counted(client: httpx.Client, town: Database) -> None:
    with town.connect(Role.PUBLISH) as connection:
        connection.execute(
            "UPDATE pub.edge_status SET snow_cell = (SELECT min(cell) FROM pub.snow_cell), snow_at_clearing_cm = 8.3"
        )
        connection.execute("UPDATE pub.snow_cell SET reference_at = reference_at - interval '1 h'")
    assert client.get("/status/edges/4").json()["snow_basis"] == "missing"


@pytest.mark.parametrize(("edge_id", "status"), [("999", 404), ("10", 404), ("8", 404), ("x", 404), ("9" * 30, 404)])
def test_an_edge_that_is_not_published_is_a_problem(client: httpx.Client, edge_id: str, status: int) -> None:
    answer = client.get(f"/status/edges/{edge_id}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert client.get("/status/edges/4?colour=red").status_code == 400


def test_no_machine_and_no_contractor_is_in_the_answer(client: httpx.Client, town: Database) -> None:
    with town.connect(Role.ENGINE) as connection:
        rows = connection.execute(
            "SELECT vehicle FROM ops.vehicle_state UNION SELECT contractor FROM ops.assignment "
            "UNION SELECT machine FROM ops.assignment UNION SELECT contractor FROM net.work_section"
        ).fetchall()
    names = [str(row[0]) for row in rows]
    assert len(names) > 6
    for edge_id in range(2, 10):
        text = client.get(f"/status/edges/{edge_id}").text
        assert not [name for name in names if name in text]
        assert "vehicle" not in text
        assert "trace" not in text
        assert "pass_id" not in text


def test_the_open_api_document_describes_the_answer(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    operation = document["paths"]["/status/edges/{edge_id}"]["get"]
    assert operation["parameters"][0]["schema"]["examples"] == ["4"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": "#/components/schemas/EdgeAnswer"}
    described = document["components"]["schemas"]["EdgeAnswer"]["properties"]
    assert set(described) == set(client.get("/status/edges/4").json())


def test_passes_of_a_week_ago_are_not_in_the_log(client: httpx.Client, clock: Any) -> None:
    ended = datetime(2026, 1, 14, 21, 0, tzinfo=UTC)
    clock.at = ended + timedelta(days=7, seconds=-1)
    assert len(client.get("/status/edges/4").json()["passes"]) == 1
    clock.at = ended + timedelta(days=7)
    assert client.get("/status/edges/4").json()["passes"] == []


# --- words ----------------------------------------------------------------------------------------------------------


def test_every_word_has_its_english() -> None:
    pairs = ((State, STATE_EN), (Reason, REASON_EN), (Treatment, TREATMENT_EN), (WorkBasis, BASIS_EN),
             (Restriction, RESTRICTION_EN))  # fmt: skip
    for terms, english in pairs:
        assert set(english) == set(terms)


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason != Reason.NONE])
def test_every_reason_is_a_sentence(reason: Reason) -> None:
    told = TOLD | {"state": "unknown", "reason": reason.value}
    assert why(told, "ja") == reason.ja + "。"
    english = why(told, "en")
    assert english is not None
    assert english[0].isupper()
    assert english.endswith(".")
    assert why(TOLD, "ja") is why(TOLD, "en") is None


def test_unknown_by_hand_says_that_a_manager_says_so() -> None:
    told = TOLD | {"state": "unknown", "reason": "none", "is_corrected": True}
    assert why(told, "ja") == "道路管理者が不明としている。"
    assert "A road manager gave this state by hand." in said("en", state="unknown", is_corrected=True)


def test_missing_snow_is_never_called_zero() -> None:
    assert "0 cm" not in said("ja", snow_since_cm=None, snow_basis="missing")
    assert "not known" in said("en", snow_since_cm=None, snow_basis="missing")
    assert "約0 cm" in said("ja", snow_since_cm=0.0)


def test_several_passes_and_the_other_side_are_told() -> None:
    wide = said("ja", state="clearing", cleared_at=None, passes_needed=2, covered_fraction=0.3, passed_fraction=1.0)
    assert "2回の作業が必要。延長の30 %が必要な回数、100 %が1回以上。" in wide
    assert "反対方向は除雪完了。" in wide
    assert "Only one side is cleared. The other direction: unknown." in said("en", other_side="unknown")
    assert "direction" not in said("en", other_side=None)
    assert "片側交互通行" in said("ja", restriction="one_lane")


def test_times_are_on_the_clock_of_the_place() -> None:
    told = TOLD | {"cleared_at": datetime(2026, 1, 14, 15, 0, tzinfo=UTC)}
    assert sentences(told, ZONE, "ja")[0] == "1月15日00:00に除雪完了。"
    assert sentences(told, "UTC", "en")[0] == "Cleared at 15:00 on 14 January."


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, True),
        ({"kind": "deadhead"}, False),
        ({"work_basis": "unknown"}, False),
        ({"treatment": None}, True),
        ({"treatment": "anti_icing"}, False),
        ({"confidence": 0.94}, False),
        ({"started_at": TOLD["reference_at"] - timedelta(microseconds=1)}, False),
        ({"started_at": TOLD["reference_at"]}, True),
        ({"ended_at": TOLD["cleared_at"]}, True),
        ({"ended_at": TOLD["cleared_at"] - timedelta(microseconds=1)}, False),
        ({"edge_id": 5}, False),
    ],
)
def test_which_passes_a_state_may_rest_on(changed: dict[str, Any], expected: bool) -> None:
    row = {
        "edge_id": 4, "kind": "pass", "work_basis": "sensed", "treatment": "widening", "confidence": 0.95,
        "started_at": TOLD["cleared_at"], "ended_at": TOLD["cleared_at"] + timedelta(minutes=1),
    } | changed  # fmt: skip
    assert is_evidence(row, TOLD, 0.94, is_shared=False) == expected
    assert is_evidence(row, TOLD, 0.94, is_shared=True) == (expected or changed.get("edge_id") == 5)
    assert not is_evidence(row, TOLD | {"is_corrected": True}, 0.94, is_shared=True)


def test_a_shared_road_is_known_by_its_lanes_and_width() -> None:
    for lanes, width_m, expected in ((1, None, True), (None, 4.0, True), (None, None, False), (2, 3.0, False)):
        row = {"lanes": lanes, "width_m": width_m}
        assert shared(row | {"is_oneway": False}, CoverageSettings()) is expected
        assert not shared(row | {"is_oneway": True}, CoverageSettings())


def test_the_answer_is_json_of_the_model(client: httpx.Client) -> None:
    text = client.get("/status/edges/6").text
    assert json.loads(text)["edge_id"] == 6
