"""Daily reports from a real database: every second and metre of the facts, and what people said of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from reports_town import DAY, RULES, build

from geo.db import Database, Role
from geo.errors import ConflictError, InputError, NotFoundError
from geo.settings_reports import PriceRow, ReportSettings
from geo.store.report_cache import refresh_reports
from geo.store.report_issues import Scope, correct, end_correction, find_vehicle, hand_out, issue_of
from geo.store.reports import Ask, ReportRules, read_reports, within
from geo.vocabulary import PassKind, Treatment

AS_OF = datetime(2026, 1, 19, 3, tzinfo=UTC)
type Documents = dict[str, dict[str, Any]]


@pytest.fixture
def town(database: Database) -> Database:
    return build(database)


@pytest.fixture
def engine(town: Database) -> Iterator[psycopg.Connection[Any]]:
    with town.connect(Role.ENGINE) as connection:
        yield connection


def by_vehicle(connection: psycopg.Connection[Any], rules: ReportRules = RULES, **ask: Any) -> Documents:
    wanted = Ask(**({"first": DAY, "last": DAY} | ask))
    found = [one.document for one in read_reports(connection, rules, wanted)]
    assert len({one["report_id"] for one in found}) == len(found)
    return {one["vehicle"]: one for one in found}


def test_a_shift_over_midnight_counts_on_both_days(engine: psycopg.Connection[Any]) -> None:
    before = by_vehicle(engine, first=date(2026, 1, 17), last=date(2026, 1, 17))["plough-0001"]
    after = by_vehicle(engine)["plough-0001"]
    assert before["totals"]["work_s"] == 20 * 60  # 23:40 to midnight
    assert before["totals"]["work_m"] == 1500
    assert before["totals"]["standing_s"] == 600
    assert before["trips"][0]["goes_on"]
    assert before["trips"][0]["ended_at"] == "2026-01-17T15:00:00Z"
    assert after["totals"]["work_s"] == 20 * 60 + 30 * 60
    assert after["totals"]["work_m"] == 1500 + 800.5
    assert after["trips"][0]["began_before"]


def test_all_seconds_of_traces_and_all_metres_of_facts_are_in_the_reports(engine: psycopg.Connection[Any]) -> None:
    found = [one.document for one in read_reports(engine, RULES, Ask(date(2026, 1, 17), DAY))]
    wanted = engine.execute(
        "SELECT (SELECT sum(extract(epoch FROM upper(during) - lower(during))) FROM ops.trace "
        "WHERE superseded_at IS NULL), (SELECT sum(to_m - from_m) FROM ops.pass WHERE superseded_at IS NULL)"
    ).fetchone()
    assert wanted is not None
    lines = [line for one in found for line in one["lines"]]
    assert sum(one["totals"]["trace_s"] for one in found) == float(wanted[0])
    assert sum(line["seconds"] or 0 for line in lines) == pytest.approx(float(wanted[0]), abs=1e-6)
    assert sum(line["metres"] for line in lines) == pytest.approx(wanted[1], abs=0.01)
    for one in found:
        parts = ("work_s", "deadhead_s", "unknown_s", "standing_s")
        assert one["totals"]["trace_s"] == pytest.approx(sum(one["totals"][name] for name in parts), abs=1e-6)


def test_hour_bands_cut_a_pass_in_proportion(engine: psycopg.Connection[Any]) -> None:
    one = by_vehicle(engine)["plough-0001"]
    graded = {line["band"]: line for line in one["lines"] if line["treatment"] == "surface_grading"}
    assert set(graded) == {"05-08"}  # 05:10 to 05:40
    rules = replace(RULES, settings=ReportSettings(bands=("05:25", "22:00")))
    graded = {
        line["band"]: line
        for line in by_vehicle(engine, rules)["plough-0001"]["lines"]
        if line["treatment"] == "surface_grading"
    }
    assert {band: (line["seconds"], line["metres"]) for band, line in graded.items()} == {
        "22-05:25": (900, 400.25), "05:25-22": (900, 400.25),
    }  # fmt: skip


def test_who_is_paid_and_how_that_is_known(engine: psycopg.Connection[Any]) -> None:
    found = by_vehicle(engine)
    assert {name: (one["contractor"], one["contractor_basis"], one["machine"], one["machine_class"])
            for name, one in found.items()} == {
        "plough-0001": ("秘密建設", "assignment", "除雪グレーダ1号", "除雪グレーダ"),
        "plough-0002": ("北陸建設", "register", "2号車", "ロータリ"),
        "=cmd|calc": (None, "none", None, None),
    }  # fmt: skip


def test_a_source_that_names_a_contractor_is_the_last_resort(town: Database) -> None:
    with town.connect(Role.OWNER) as connection:
        connection.execute("UPDATE raw.source SET settings = '{\"contractor\": \"単独組\"}' WHERE name = 'lone'")
    with town.connect(Role.ENGINE) as connection:
        one = by_vehicle(connection)["=cmd|calc"]
    assert (one["contractor"], one["contractor_basis"]) == ("単独組", "source")


def test_an_assignment_that_changes_within_the_day_makes_two_reports(town: Database) -> None:
    with town.connect(Role.ENGINE) as connection:
        connection.execute("UPDATE ops.assignment SET superseded_at = now()")
        connection.execute(
            "INSERT INTO ops.assignment (route_id, contractor, machine, vehicle_id, during, is_synthetic) VALUES "
            "('R1', '前組', 'G1', 1, '[2026-01-01T00:00Z, 2026-01-17T15:10Z)', true),"
            "('R1', '後組', 'G1', 1, '[2026-01-17T15:10Z,)', true)"
        )
        found = [one.document for one in read_reports(connection, RULES, Ask(DAY, DAY, None, (1,)))]
    assert {one["contractor"]: one["totals"]["work_s"] for one in found} == {"前組": 600, "後組": 600 + 1800}


def test_of_two_assignments_the_one_of_the_road_counts(town: Database) -> None:
    with town.connect(Role.ENGINE) as connection:
        connection.execute(
            "INSERT INTO ops.assignment (section_id, contractor, machine, vehicle_id, during, is_synthetic) VALUES "
            "('S1', '工区組', 'G1', 1, '[2026-01-01T00:00Z,)', true)"
        )
        found = [one.document for one in read_reports(connection, RULES, Ask(DAY, DAY, None, (1,)))]
    # 4 and 5 are of route R1, 6 is of section S1; standing counts for what was driven before it
    assert {one["contractor"]: one["totals"]["deadhead_s"] for one in found} == {"秘密建設": 0, "工区組": 600}
    assert {one["contractor"]: one["totals"]["standing_s"] for one in found} == {"秘密建設": 0, "工区組": 600}


def test_work_that_is_not_sure_is_flagged_and_stays(engine: psycopg.Connection[Any]) -> None:
    one = by_vehicle(engine)["plough-0001"]
    assert one["totals"]["flagged_s"] == 1800
    assert [line["treatment"] for line in one["lines"] if line["is_flagged"]] == ["surface_grading"]
    none = by_vehicle(engine, replace(RULES, settings=ReportSettings(confidence_min=0)))
    assert none["plough-0001"]["totals"]["flagged_s"] == 0


def test_a_ready_line_has_metres_and_no_seconds(engine: psycopg.Connection[Any]) -> None:
    one = by_vehicle(engine)["=cmd|calc"]
    line = next(line for line in one["lines"] if line["treatment"] == "haulage")
    assert (line["seconds"], line["metres"]) == (None, 1234.5)
    assert one["totals"]["untimed_m"] == 1234.5
    assert next(line for line in one["pay"] if line["work"] == "haulage")["note"] == "no_time"


PRICES = (
    PriceRow(yen_per_hour="20000", machine_class="除雪グレーダ", day_kind="休日"),  # type: ignore[arg-type]
    PriceRow(yen_per_hour="9000", treatment="回送"),  # type: ignore[arg-type]
)


def test_pay_by_the_price_table(engine: psycopg.Connection[Any]) -> None:
    rules = replace(RULES, settings=ReportSettings(prices=PRICES))
    one = by_vehicle(engine, rules)["plough-0001"]
    pay = {(line["work"], line["band"], line["is_flagged"]): (line["amount_yen"], line["note"]) for line in one["pay"]}
    assert pay == {
        ("fresh_snow_plowing", "22-05", False): (6667, ""),  # 20 minutes of 20,000 yen
        ("deadhead", "22-05", False): (1500, ""),
        ("surface_grading", "05-08", True): (10_000, ""),
        ("unknown", "05-08", False): (None, "unknown_work"),
    }
    assert one["pay_totals"] == {"amount_yen": 8167, "flagged_yen": 10_000, "n_unpriced": 1, "original_yen": 8167}
    other = by_vehicle(engine, rules)["plough-0002"]["pay_totals"]
    assert (other["amount_yen"], other["n_unpriced"]) == (None, 1)


def test_a_year_without_a_calendar_is_told_and_not_paid(engine: psycopg.Connection[Any]) -> None:
    engine.execute("UPDATE ops.pass SET superseded_at = now()")
    engine.execute(
        "INSERT INTO ops.pass (trace_id, seq, vehicle_id, edge_id, from_m, to_m, during, kind, status, work_basis, "
        "confidence, first_fix_at, last_fix_at, n_fixes, matcher_version, network_version, is_provisional, "
        "is_synthetic) SELECT 99, 0, 2, 4, 0, 9, tstzrange(t, t + interval '1 min'), 'pass', 'matched', 'sensed', 1, "
        "t, t, 1, 'm1', 1, false, true FROM (SELECT timestamptz '2009-01-18T05:00Z') AS at (t)"
    )
    day = date(2009, 1, 18)
    one = by_vehicle(engine, replace(RULES, settings=ReportSettings(prices=PRICES)), first=day, last=day)["plough-0002"]
    assert one["day_kind"] is None
    assert one["pay"][0]["note"] == "no_calendar"
    assert one["totals"]["work_s"] == 60  # a fact without its trace is still there


def test_only_time_of_an_event_counts(engine: psycopg.Connection[Any]) -> None:
    ask = within(Ask(DAY, DAY), datetime(2026, 1, 17, 20, 20, tzinfo=UTC), datetime(2026, 1, 18, 3, 10, tzinfo=UTC))
    found = {one.document["vehicle"]: one.document["totals"] for one in read_reports(engine, RULES, ask)}
    assert found["plough-0001"]["work_s"] == 20 * 60
    assert found["plough-0002"]["trace_s"] == 600
    assert set(found) == {"plough-0001", "plough-0002"}


def test_evidence(engine: psycopg.Connection[Any]) -> None:
    engine.execute(
        "INSERT INTO ops.evidence_expired (vehicle_id, during) VALUES (2, '[2026-01-18T00:00Z, 2026-01-19T00:00Z)')"
    )
    found = by_vehicle(engine)
    ids = [row[0] for row in engine.execute("SELECT pass_id FROM ops.pass WHERE vehicle_id = 1 AND trace_id > 10")]
    evidence = found["plough-0001"]["evidence"]
    assert (evidence["first_fact_id"], evidence["last_fact_id"], evidence["n_facts"]) == (min(ids), max(ids), 4)
    assert (evidence["first_fix_at"], evidence["last_fix_at"]) == ("2026-01-17T14:40:00Z", "2026-01-17T21:00:00Z")
    assert evidence["matcher_versions"] == ["m1"]
    assert not evidence["is_evidence_expired"]
    assert found["plough-0002"]["evidence"]["is_evidence_expired"]


def _said(
    connection: psycopg.Connection[Any], begin: int, end: int, kind: PassKind, of: Treatment | None = None
) -> int:
    span = (datetime(2026, 1, 17, 20, begin, tzinfo=UTC), datetime(2026, 1, 17, 20, end, tzinfo=UTC))
    return correct(connection, 1, span, kind, of, "石川 花子", "ブレードスイッチの故障")


def test_a_correction_stands_beside_what_the_facts_say(engine: psycopg.Connection[Any]) -> None:
    number = _said(engine, 30, 50, PassKind.PASS, Treatment.WIDENING)
    one = by_vehicle(engine)["plough-0001"]
    assert one["totals"]["work_s"] - one["original"]["work_s"] == 600  # ten minutes of unknown became work
    assert one["original"]["unknown_s"] - one["totals"]["unknown_s"] == 600
    assert one["totals"]["trace_s"] == one["original"]["trace_s"]
    widened = [line for line in one["lines"] if line["treatment"] == "widening"]
    assert {(line["original_kind"], line["original_treatment"]) for line in widened} == {
        ("pass", "surface_grading"), ("unknown", None),
    }  # fmt: skip
    assert {line["correction_id"] for line in widened} == {number}
    assert not any(line["is_flagged"] for line in widened)
    assert one["corrections"][0]["author"] == "石川 花子"
    rows = engine.execute("SELECT kind, treatment FROM ops.pass WHERE trace_id = 12 ORDER BY seq").fetchall()
    assert rows == [("pass", "surface_grading"), ("unknown", None)]  # the facts are as they were


def test_ending_a_correction_is_a_new_row(town: Database) -> None:
    with town.connect(Role.ENGINE) as connection:
        number = _said(connection, 30, 50, PassKind.DEADHEAD)
    with town.connect(Role.ENGINE) as connection:
        row = connection.execute("SELECT now()").fetchone()
        assert row
        known = row[0]
    with town.connect(Role.ENGINE) as connection:
        end = end_correction(connection, number, "石川 花子", "誤記")
        assert end > number
        with pytest.raises(NotFoundError):
            end_correction(connection, number, "石川 花子", "二度目")
        now, then = by_vehicle(connection)["plough-0001"], by_vehicle(connection, known_at=known)["plough-0001"]
        assert now["corrections"] == []
        assert now["totals"] == now["original"]
        assert then["totals"]["deadhead_s"] - then["original"]["deadhead_s"] == 1200
        rows = connection.execute("SELECT ends, superseded_at IS NULL FROM ops.work_correction ORDER BY 1 NULLS FIRST")
        assert rows.fetchall() == [(None, False), (number, True)]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ops.work_correction SET reason = 'x'", "DELETE FROM ops.work_correction",
        "DELETE FROM ops.report_issue", "UPDATE ops.report_issue SET issue_no = 2",
    ],
)  # fmt: skip
def test_nobody_changes_a_correction_or_an_issue(town: Database, change: Any) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), town.connect(Role.ENGINE) as connection:
        connection.execute(change)


def test_a_correction_needs_its_reasons(engine: psycopg.Connection[Any]) -> None:
    span = (datetime(2026, 1, 18, tzinfo=UTC), datetime(2026, 1, 19, tzinfo=UTC))
    for given in (
        (1, span[::-1], PassKind.PASS, None, "a", "b"), (1, span, PassKind.PASS, None, " ", "b"),
        (1, span, PassKind.PASS, None, "a", ""), (1, span, PassKind.UNKNOWN, None, "a", "b"),
        (1, span, PassKind.DEADHEAD, Treatment.HAULAGE, "a", "b"),
    ):  # fmt: skip
        with pytest.raises(InputError):
            correct(engine, *given)  # type: ignore[arg-type]


def test_an_issue_says_what_changed_since_the_last_one(town: Database) -> None:
    scope = Scope(DAY, "秘密建設")

    def documents(connection: psycopg.Connection[Any]) -> list[dict[str, Any]]:
        return [one for one in by_vehicle(connection).values() if one["contractor"] == "秘密建設"]

    with town.connect(Role.ENGINE) as connection:
        first = hand_out(connection, scope, documents(connection), "me")
        again = hand_out(connection, scope, documents(connection), "me")
        assert (first.issue_no, first.is_new, again.issue_no, again.is_new) == (1, True, 1, False)
        assert first.sha256 == again.sha256
        assert issue_of(connection, Scope(DAY), documents(connection), None).issue_no == 0
    with town.connect(Role.ENGINE) as connection:
        _said(connection, 40, 50, PassKind.DEADHEAD)
        second = hand_out(connection, scope, documents(connection), "me")
    assert second.issue_no == 2
    changed = {row["field"]: (row["before"], row["after"]) for row in second.changes}
    assert changed["deadhead_s"] == (600, 1200)
    assert changed["unknown_s"] == (1200, 600)
    assert changed["n_unpriced"] == (4, 5)
    assert "trace_s" not in changed


def test_vehicles_are_found_by_name(engine: psycopg.Connection[Any]) -> None:
    assert find_vehicle(engine, "plough-0002") == (2, "vendor/plough-0002")
    assert find_vehicle(engine, "vendor/plough-0002") == (2, "vendor/plough-0002")
    with pytest.raises(NotFoundError):
        find_vehicle(engine, "plough-9")


def test_a_name_of_two_sources_has_to_be_told_apart(town: Database) -> None:
    with town.connect(Role.OWNER) as connection:
        connection.execute("INSERT INTO raw.vehicle (source_id, external_id) VALUES (2, 'plough-0001')")
    with town.connect(Role.ENGINE) as connection, pytest.raises(ConflictError):
        find_vehicle(connection, "plough-0001")


def _kept(database: Database) -> dict[str, tuple[Any, ...]]:
    with database.connect(Role.ENGINE) as connection:
        rows = connection.execute("SELECT report_id, recorded_at, content_key FROM ops.daily_report").fetchall()
    return {row[0]: row[1:] for row in rows}


def test_kept_reports_follow_the_facts_and_nothing_else(town: Database) -> None:
    done = refresh_reports(town, RULES, AS_OF)
    assert done.n_written == 4  # vehicle 1 on two days, 2 and 3 on one
    kept = _kept(town)
    assert refresh_reports(town, RULES, AS_OF).n_written == 0
    assert _kept(town) == kept
    with town.connect(Role.ENGINE) as connection:
        _said(connection, 40, 50, PassKind.DEADHEAD)
    assert refresh_reports(town, RULES, AS_OF).n_written == 1
    with town.connect(Role.ENGINE) as connection:
        connection.execute("UPDATE ops.pass SET superseded_at = now() WHERE vehicle_id = 2")
        connection.execute("UPDATE ops.trace SET superseded_at = now() WHERE vehicle_id = 2")
    done = refresh_reports(town, RULES, AS_OF)
    assert (done.n_written, done.n_gone) == (0, 1)


def test_another_price_works_out_all_days_again(town: Database) -> None:
    refresh_reports(town, RULES, AS_OF)
    rules = replace(RULES, settings=ReportSettings(prices=PRICES))
    assert refresh_reports(town, rules, AS_OF).n_written == 1  # vehicle 1 on Sunday has prices now


def test_days_that_are_over_are_taken_away(town: Database) -> None:
    refresh_reports(town, RULES, AS_OF)
    # today counts: of as many days as are kept, the 18th is the first one when so many less two lie after the 19th
    done = refresh_reports(town, RULES, AS_OF + timedelta(days=RULES.settings.days - 2))
    assert done.n_gone == 1
    assert len(_kept(town)) == 3
    assert all(name.startswith("20260118") for name in _kept(town))
    assert refresh_reports(town, RULES, AS_OF + timedelta(days=RULES.settings.days - 1)).n_gone == 3
